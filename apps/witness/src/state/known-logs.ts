// The logs a witness was told to watch. None is ever forgotten: a log that was removed and comes back goes on where it was.
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { formatVerifierKey, parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { WitnessError } from '../errors.ts';

const format = 'sallyport-witness-logs@v1';
const maxOriginBytes = 255;

export type KnownLog = {
  readonly origin: string;
  readonly verifierKeys: readonly VerifierKey[];
  /** The log that this one goes on after, as its operator said. */
  readonly succeeds: string | undefined;
  readonly isRemoved: boolean;
};

/** Throws `state_damaged`. */
export function parseKnownLogs(file: Uint8Array): readonly KnownLog[] {
  let content: JsonValue;
  try {
    content = parseJson(Buffer.from(file).toString('utf8'));
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  const entries: readonly unknown[] | undefined =
    isJsonObject(content) && content['format'] === format && Array.isArray(content['logs'])
      ? content['logs']
      : undefined;
  if (entries === undefined) throw damaged(`its format is not "${format}"`);
  const logs = entries.map(parseEntry);
  if (new Set(logs.map(({ origin }) => origin)).size !== logs.length) throw damaged('a log stands in it twice');
  return logs;
}

function parseEntry(entry: unknown): KnownLog {
  if (!isJsonObject(entry)) throw damaged('an entry is not an object');
  const vkeys: readonly unknown[] = Array.isArray(entry['verifier_keys']) ? entry['verifier_keys'] : [];
  const origin = textOf(entry['origin']);
  if (origin === '' || vkeys.length === 0) throw damaged('an entry has no origin or no key');
  try {
    const verifierKeys = vkeys.map((vkey) => parseVerifierKey(typeof vkey === 'string' ? vkey : ''));
    const succeeds = entry['succeeds'];
    return {
      origin,
      verifierKeys,
      succeeds: typeof succeeds === 'string' ? succeeds : undefined,
      isRemoved: entry['removed'] === true,
    };
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
}

export function formatKnownLogs(logs: readonly KnownLog[]): Buffer {
  const entries = logs.map(({ origin, verifierKeys, succeeds, isRemoved }): JsonObject => {
    const optional: JsonObject = {
      ...(succeeds === undefined ? {} : { succeeds }),
      ...(isRemoved ? { removed: true } : {}),
    };
    return { origin, verifier_keys: verifierKeys.map(formatVerifierKey), ...optional };
  });
  return Buffer.from(`${JSON.stringify({ format, logs: entries }, undefined, 2)}\n`);
}

/**
 * The list with this key as one of the log's. A key beside the ones a log has is for its change of keys.
 * Throws `configuration_invalid`, `log_unknown`.
 */
export function withLog(
  logs: readonly KnownLog[],
  added: { verifierKey: VerifierKey; origin: string; succeeds: string | undefined },
  ownKeys: readonly VerifierKey[],
): readonly KnownLog[] {
  const { verifierKey, origin, succeeds } = added;
  if (!/^[^\u0000-\u001f\u007f]+$/.test(origin) || Buffer.byteLength(origin) > maxOriginBytes) {
    throw new WitnessError(
      'configuration_invalid',
      `Cannot watch "${origin}": must be one line of at most ${maxOriginBytes} bytes`,
    );
  }
  const isSame = (other: VerifierKey): boolean => Buffer.compare(other.publicKey, verifierKey.publicKey) === 0;
  if (ownKeys.some(isSame))
    throw new WitnessError('configuration_invalid', `Cannot watch "${origin}": the key is the witness’s own`);
  if (succeeds !== undefined && (succeeds === origin || !logs.some((log) => log.origin === succeeds))) {
    throw new WitnessError('log_unknown', `Cannot let "${origin}" succeed "${succeeds}": that log is not known here`, {
      hint: 'sallyport witness logs list shows them',
    });
  }
  const before = logs.find((log) => log.origin === origin);
  if (before === undefined) return [...logs, { origin, verifierKeys: [verifierKey], succeeds, isRemoved: false }];
  const verifierKeys = before.verifierKeys.some(isSame) ? before.verifierKeys : [...before.verifierKeys, verifierKey];
  const after = { origin, verifierKeys, succeeds: succeeds ?? before.succeeds, isRemoved: false };
  return logs.map((log) => (log === before ? after : log));
}

/** Throws `log_unknown`. */
export function withoutLog(logs: readonly KnownLog[], origin: string): readonly KnownLog[] {
  if (!logs.some((log) => log.origin === origin && !log.isRemoved)) {
    throw new WitnessError('log_unknown', `Cannot remove "${origin}": it is not known here`, {
      hint: 'sallyport witness logs list shows them',
    });
  }
  return logs.map((log) => (log.origin === origin ? { ...log, isRemoved: true } : log));
}

function damaged(why: string, cause?: unknown): WitnessError {
  return new WitnessError('state_damaged', `Cannot use the list of logs: ${why}`, { cause });
}
