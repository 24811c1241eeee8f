import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { join } from 'node:path';
import { isCount } from './frame-content.ts';

/** Where the server put the last event of a batch. */
export type Receipt = {
  readonly sequence: number;
  readonly log: number;
  readonly index: number;
  /** SHA-256 of the line as sent, hexadecimal. */
  readonly sha256: string;
};

/** What is known of the sending side. Changes only with an acknowledgement, in one step on disk. */
export type SpoolState = {
  /** Names this installation: a state that is lost begins a new one, so numbers never mean two events. */
  readonly installation: string;
  /** Number of the next event to be sent, counted by the server. */
  readonly nextSequence: number;
  /** Records below this number of the spool are acknowledged. */
  readonly cursor: number;
  /** Records below this number had been written when this was saved. */
  readonly appended: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly positions: Readonly<Record<string, string>>;
  readonly receipts: readonly Receipt[];
};

const maxReceipts = 64;

export function loadState(directory: string): SpoolState | undefined {
  const bytes = readFileIfPresent(join(directory, 'state.json'));
  if (bytes === undefined) return undefined;
  try {
    return parseState(parseJson(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}

export function saveState(directory: string, state: SpoolState): void {
  const kept = { ...state, receipts: state.receipts.slice(-maxReceipts) };
  writeFileDurably(join(directory, 'state.json'), Buffer.from(`${JSON.stringify(kept)}\n`));
}

function parseState(value: JsonValue): SpoolState | undefined {
  if (!isJsonObject(value)) return undefined;
  const { installation, nextSequence, cursor, appended } = value;
  if (typeof installation !== 'string' || !/^[0-9a-f]{8}$/.test(installation)) return undefined;
  if (!isCount(nextSequence) || !isCount(cursor) || !isCount(appended)) return undefined;
  const lost = Object.entries(objectOf(value['lost'])).filter((entry): entry is [string, number] => isCount(entry[1]));
  const positions = Object.entries(objectOf(value['positions'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const receipts: readonly unknown[] = Array.isArray(value['receipts']) ? value['receipts'] : [];
  return {
    installation,
    nextSequence,
    cursor,
    appended,
    lost: Object.fromEntries(lost),
    positions: Object.fromEntries(positions),
    receipts: receipts.flatMap((receipt) => parseReceipt(receipt) ?? []),
  };
}

function parseReceipt(value: unknown): Receipt | undefined {
  if (!isJsonObject(value)) return undefined;
  const { sequence, log, index, sha256 } = value;
  if (!isCount(sequence) || !isCount(log) || !isCount(index) || typeof sha256 !== 'string') return undefined;
  return { sequence, log, index, sha256 };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
