import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue, Position } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';

/** What a sensor says about itself, with what intake says about who sent it. */
export type LifeRecord = {
  readonly position: Position;
  /** Ledger time. */
  readonly receivedAtMs: number;
  /** The API key it was sent with. */
  readonly apiKeyId: string;
  /** The source without the installation. */
  readonly source: string;
  /** Tells two lives of a host apart; empty when the source names none. */
  readonly installation: string;
  readonly host: string;
  readonly version: string;
  readonly event: string;
  /** When the sensor made it, by its own clock. */
  readonly timeMs: number;
  /** The line as it was sent, which the signature is about. */
  readonly line: JsonObject;
};

/** Classes such records are recorded under: application lifecycle, event log activity, file activity. */
const classes = new Set([6002, 1008, 1001]);
/** Of classes that others send as well, only these are looked into. */
const eventsOfOthers = [Buffer.from('audit_changed'), Buffer.from('log_shrunk')];
const ownWords = Buffer.from('Sallyport sensor');
const maxRecordBytes = 256 * 1024;
const lifecycleClass = 6002;

/**
 * The record in an event of the ledger; undefined for everything else, which costs little. Nothing in it may be believed but
 * the receipt and the key: whoever holds an API key can write the rest.
 */
export function readLifeRecord({ position, receivedAtMs, classUid, body }: LedgerEvent): LifeRecord | undefined {
  if (!classes.has(classUid) || body === undefined || body.byteLength > maxRecordBytes) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(ownWords)) return undefined;
  if (classUid !== lifecycleClass && !eventsOfOthers.some((word) => bytes.includes(word))) return undefined;
  const event = parsed(bytes.toString('utf8'));
  const reporter = objectAt(objectAt(event, 'metadata'), 'reporter');
  const line = parsed(textOf(objectAt(event)['raw_data']));
  const [apiKeyId, sender] = [textOf(reporter['uid']), textOf(reporter['name'])];
  if (apiKeyId === '' || sender === '' || !isJsonObject(line)) return undefined;
  const host = textOf(line['host']);
  const timeMs = Date.parse(textOf(line['time']));
  if (host === '' || host.length > 255 || !Number.isFinite(timeMs)) return undefined;
  const [, source = sender, installation = ''] = /^(.+)\.([0-9a-f]{8})$/.exec(sender) ?? [];
  return {
    position,
    receivedAtMs,
    apiKeyId,
    source,
    installation,
    host: host.toWellFormed(),
    version: textOf(objectAt(line, 'sensor')['version']).slice(0, 32),
    event: textOf(line['event']).slice(0, 64),
    timeMs,
    line,
  };
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** The object under the name; an empty one where there is none. */
function objectAt(value: JsonValue, name?: string): JsonObject {
  const found = name === undefined ? value : isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(found) ? found : {};
}
