import { Buffer } from 'node:buffer';

/** Collects one message up to a limit; a message that came in one piece is given as a view of it, without a copy. */
export type MessageBuffer = {
  add(bytes: Uint8Array): void;
  /** Copies what is still a view of the caller's memory. */
  own(): void;
  /** What was collected, and how much was over the limit; empties the buffer. */
  take(): { readonly bytes: Uint8Array; readonly droppedBytes: number };
  length(): number;
};

export function createMessageBuffer(maxBytes: number): MessageBuffer {
  let view: Uint8Array | undefined;
  let owned = Buffer.alloc(0);
  let ownedBytes = 0;
  let droppedBytes = 0;

  function store(piece: Uint8Array): void {
    const needed = ownedBytes + piece.length;
    if (needed > owned.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(needed, owned.length * 2, 256)));
      owned.copy(grown, 0, 0, ownedBytes);
      owned = grown;
    }
    owned.set(piece, ownedBytes);
    ownedBytes = needed;
  }

  function own(): void {
    if (view !== undefined) store(view);
    view = undefined;
  }

  function length(): number {
    return ownedBytes + (view?.length ?? 0);
  }

  function add(bytes: Uint8Array): void {
    const room = maxBytes - length();
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes;
    droppedBytes += bytes.length - kept.length;
    if (kept.length === 0) return;
    if (length() === 0) {
      view = kept;
      return;
    }
    own();
    store(kept);
  }

  function take(): { readonly bytes: Uint8Array; readonly droppedBytes: number } {
    const bytes = view ?? Uint8Array.from(owned.subarray(0, ownedBytes));
    const taken = { bytes, droppedBytes };
    view = undefined;
    ownedBytes = 0;
    droppedBytes = 0;
    // A rare large message must not hold its memory for the life of the connection.
    if (owned.length > 8192) owned = Buffer.alloc(0);
    return taken;
  }

  return { add, own, take, length };
}
