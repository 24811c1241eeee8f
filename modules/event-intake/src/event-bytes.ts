import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { KeptRawReason } from './kept-raw-reasons.ts';
import type { RecordFormat } from './records/record-format.ts';

/** The bytes of one event as they stood in the body. Valid until the next one is asked for. */
export type EventBytes = {
  readonly bytes: Uint8Array;
  /** When the event was too long and `bytes` is only its beginning. */
  readonly whole?: { readonly bytes: number; readonly sha256: string };
  /** When it could not be read on the way in, and is kept raw. */
  readonly fault?: KeptRawReason;
  /** How it is to be read, where the body alone does not say. Events of one manner have the same object. */
  readonly reading?: OwnReading;
};

export type OwnReading = {
  readonly format: RecordFormat;
  /** Lines before it that say how it is to be read, as Zeek's names of fields. */
  readonly head?: string;
};

/** Collects one event from pieces; what is too long is hashed and forgotten, so memory stays bounded whatever its length. */
export type EventCollector = {
  take(piece: Uint8Array): void;
  readonly length: number;
  /** Memory it holds. */
  readonly heldBytes: number;
  /** All bytes so far, while they fit. */
  peek(): Uint8Array;
  /** The event, and ready for the next. */
  finish(): EventBytes;
  discard(): void;
};

export function createEventCollector(limits: {
  readonly maxEventBytes: number;
  readonly keptBytesOfLongEvent: number;
}): EventCollector {
  let kept = new Uint8Array(4096);
  let length = 0;
  let hash: Hash | undefined;

  function keep(piece: Uint8Array): void {
    if (length + piece.byteLength > kept.byteLength) {
      const larger = new Uint8Array(
        Math.min(limits.maxEventBytes, Math.max(2 * kept.byteLength, length + piece.byteLength)),
      );
      larger.set(kept.subarray(0, length));
      kept = larger;
    }
    kept.set(piece, length);
  }

  return {
    take(piece) {
      if (hash === undefined && length + piece.byteLength > limits.maxEventBytes) {
        hash = createHash('sha256').update(kept.subarray(0, length));
        const missing = limits.keptBytesOfLongEvent - length;
        if (missing > 0) {
          const head = piece.subarray(0, missing);
          keep(head);
        }
      }
      if (hash === undefined) keep(piece);
      else hash.update(piece);
      length += piece.byteLength;
    },
    get length() {
      return length;
    },
    get heldBytes() {
      return kept.byteLength;
    },
    peek: () => kept.subarray(0, Math.min(length, kept.byteLength)),
    finish() {
      const bytes = kept.subarray(0, hash === undefined ? length : Math.min(length, limits.keptBytesOfLongEvent));
      const event = hash === undefined ? { bytes } : { bytes, whole: { bytes: length, sha256: hash.digest('hex') } };
      length = 0;
      hash = undefined;
      return event;
    },
    discard() {
      length = 0;
      hash = undefined;
    },
  };
}
