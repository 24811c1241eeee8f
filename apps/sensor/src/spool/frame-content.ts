import { isJsonObject, parseJson, textsOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

/** One record as it will be sent. `kind` decides what goes first when the spool is full. */
export type SpoolEntry = { readonly kind: string; readonly line: string };

/**
 * What one frame holds: the records with the numbers from `first` on. After some were dropped `covers` is more than there are
 * entries. `positions` say how far collectors had read when this was written: both reach the disk together or not at all.
 */
export type FrameContent = {
  readonly first: number;
  readonly covers: number;
  readonly entries: readonly SpoolEntry[];
  readonly positions: Readonly<Record<string, string>>;
};

/** The head as JSON on the first line, then one line a record. */
export function encodeFrame(content: FrameContent): Buffer {
  const { first, covers, entries, positions } = content;
  const head = JSON.stringify({ first, covers, kinds: entries.map(({ kind }) => kind), positions });
  return Buffer.from([head, ...entries.map(({ line }) => line)].join('\n'));
}

/** Undefined when it is not what `encodeFrame` writes. */
export function decodeFrame(bytes: Uint8Array): FrameContent | undefined {
  const [head = '', ...lines] = Buffer.from(bytes).toString('utf8').split('\n');
  let value: JsonValue;
  try {
    value = parseJson(head);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { first, covers } = value;
  const kinds = textsOf(value['kinds']);
  if (!isCount(first) || !isCount(covers) || kinds.length !== lines.length) return undefined;
  const positions: Record<string, string> = {};
  for (const [name, position] of Object.entries(isJsonObject(value['positions']) ? value['positions'] : {}))
    if (typeof position === 'string') positions[name] = position;
  return { first, covers, entries: lines.map((line, at) => ({ kind: kinds[at] ?? '', line })), positions };
}

export function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
