import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** How much a record is worth when the spool is full: `low` goes first, `kept` last. */
export type Worth = 'low' | 'normal' | 'kept';

/** Every kind of record, with its worth. */
const worthOf = {
  heartbeat: 'low',
  connection: 'low',
  process: 'normal',
  listener: 'normal',
  inventory: 'normal',
  clock: 'normal',
  sign_in: 'kept',
  account: 'kept',
  file: 'kept',
  match: 'kept',
  sensor: 'kept',
  lost: 'kept',
} satisfies Record<string, Worth>;

export type RecordKind = keyof typeof worthOf;

function isRecordKind(text: string): text is RecordKind {
  return Object.hasOwn(worthOf, text);
}

/** Kinds of an older or newer sensor are kept as long as possible. */
export function worthOfKind(kind: string): Worth {
  return isRecordKind(kind) ? worthOf[kind] : 'kept';
}

/** One thing that a collector saw. `fields` are flat, under the names Sigma's taxonomy gives them where it has some. */
export type SensorRecord = {
  readonly kind: RecordKind;
  readonly collector: string;
  /** The collector cannot see every such event: polling misses what is short. */
  readonly lossy: boolean;
  /** When it happened, as well as can be known. */
  readonly timeMs: number;
  /** What happened, as in `process_started`. */
  readonly event: string;
  readonly fields: JsonObject;
};

export type Sender = { readonly host: string; readonly version: string };

const maxTextCharacters = 16_384;

/** A record as one line of JSON. Texts of fields are cut to 16,384 characters, so a line is far below the server's limit. */
export function recordLine(record: SensorRecord, sender: Sender): string {
  const { kind, collector, lossy } = record;
  return JSON.stringify({
    ...saidBy(record, sender.host),
    sensor: { collector, kind, lossy, version: sender.version },
  });
}

/** What a line says of what happened: when, where, what. */
export function saidBy({ timeMs, event, fields }: SensorRecord, host: string): JsonObject {
  const bounded = Object.entries(fields).flatMap(([name, value]): [string, JsonValue][] =>
    value === '' ? [] : [[name, typeof value === 'string' ? boundedText(value) : value]],
  );
  return { time: new Date(timeMs).toISOString(), host, event, ...Object.fromEntries(bounded) };
}

function boundedText(text: string, maxCharacters: number = maxTextCharacters): string {
  return text.length <= maxCharacters ? text : text.slice(0, maxCharacters).toWellFormed();
}

/** The fields that have a value. */
export function present(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const found: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== '') found[name] = value;
  return found;
}
