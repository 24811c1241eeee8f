import { isJsonObject, ocsfClass } from '@sallyport/contracts';
import type { JsonObject, JsonValue, OcsfEvent } from '@sallyport/contracts';
import { parseSignedCheckpoint, parseVerifierKey, verifyNote } from '@sallyport/merkle-log';
import type { Log } from './log.ts';

export type Gap = { readonly anchorLog: number; readonly reason: 'behind' | 'forked' | 'operator' };

/** A checkpoint under the key of our own log, as somebody outside holds it. */
export type HeldOutside = {
  readonly log: number;
  readonly checkpoint: string;
  /** The name in the key of the witness it came from. */
  readonly witness: string;
};

/**
 * Whether the checkpoint proves that this log is not the newest of its history: it is signed by the log's own key, and larger
 * than the log or of another tree. What it does not prove is nothing.
 */
export function gapProvenBy({ log, checkpoint: note }: HeldOutside, last: Log): 'behind' | 'forked' | undefined {
  if (log !== last.number) return undefined;
  const signed = verifyNote({ note, verifierKeys: [parseVerifierKey(last.verifierKey)] });
  if (!signed.ok) return undefined;
  const { origin, treeSize, root } = parseSignedCheckpoint(note).checkpoint;
  if (origin !== last.origin) return undefined;
  if (treeSize > last.size()) return 'behind';
  return Buffer.from(root).equals(last.rootAt(treeSize)) ? undefined : 'forked';
}

/** What is known of a restore: the checkpoint that survives, the newest one seen outside, and the entries between. Signs nothing. */
export function describeRestore(
  last: Log,
  gap: Gap,
  known: { readonly anchor: string | undefined; readonly outside: HeldOutside | undefined },
): JsonObject {
  const { anchor, outside } = known;
  const published = last.published();
  return {
    reason: gap.reason,
    previous_log: last.number,
    previous_size: last.size(),
    // What the old log never signed is committed to here.
    previous_root: Buffer.from(last.root()).toString('base64'),
    ...(published === undefined ? {} : { previous_checkpoint: published }),
    ...(anchor === undefined ? {} : { newest_checkpoint_seen: anchor }),
    ...(outside === undefined ? {} : { witnessed: describeOutside(last, outside) }),
    explanation: explanations[gap.reason],
  };
}

const explanations = {
  behind: 'Entries that a newer checkpoint covers are missing from this directory',
  forked: 'This directory holds other entries than a checkpoint seen before',
  operator: 'The operator declared a restore; entries after the previous checkpoint may be missing',
} as const;

function describeOutside(last: Log, { witness, checkpoint }: HeldOutside): JsonObject {
  const { treeSize } = parseSignedCheckpoint(checkpoint).checkpoint;
  return { witness, size: treeSize, missing: Math.max(0, treeSize - last.size()), checkpoint };
}

/** Those that are whole: they come from the server process. */
export function readHeldOutside(value: JsonValue | undefined): readonly HeldOutside[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isJsonObject)
    .flatMap(({ log, checkpoint, witness }) =>
      typeof log === 'number' && typeof checkpoint === 'string' && typeof witness === 'string'
        ? [{ log, checkpoint, witness }]
        : [],
    );
}

/** The first entry of a log opened after a restore. */
export function restoredEvent(restored: JsonObject, nowMs: number): OcsfEvent {
  return {
    class_uid: ocsfClass.baseEvent,
    category_uid: 0,
    type_uid: 0,
    activity_id: 0,
    severity_id: 4,
    time: nowMs,
    message: 'The ledger was restored and goes on in a new log',
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      log_name: 'ledger',
      event_code: 'ledger.restored',
    },
    unmapped: { sallyport: { generation: 0, restored } },
  };
}
