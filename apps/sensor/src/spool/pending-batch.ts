import { decodeFrame, encodeFrame } from './frame-content.ts';
import type { SpoolEntry } from './frame-content.ts';

/** What is on its way to the server: its numbers are decided before the first try and never change. */
export type PendingBatch = {
  /** The name its numbers count under. */
  readonly installation: string;
  /** Number of its first record, as the server counts. */
  readonly sequence: number;
  /** Once it is acknowledged, records of the spool below this number are. */
  readonly cursorAfter: number;
  readonly entries: readonly SpoolEntry[];
  /** Made before this start: nobody knows whether it was sent. */
  readonly resumed: boolean;
};

/** Kept in the form of a frame. */
export function encodePending(batch: PendingBatch): Buffer {
  return encodeFrame({
    first: batch.sequence,
    covers: batch.cursorAfter,
    entries: batch.entries,
    positions: { installation: batch.installation },
  });
}

export function decodePending(bytes: Uint8Array): PendingBatch | undefined {
  const frame = decodeFrame(bytes);
  if (frame === undefined) return undefined;
  const installation = frame.positions['installation'] ?? '';
  return { installation, sequence: frame.first, cursorAfter: frame.covers, entries: frame.entries, resumed: true };
}
