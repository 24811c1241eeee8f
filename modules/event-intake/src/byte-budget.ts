import { LedgerError } from '@sallyport/ledger';

/** Bytes one request holds of the budget all requests share. */
export type Reservation = {
  /** Grows the reservation to `bytes` if it is smaller. Throws `overloaded`, as the ledger itself does, when a budget is spent. */
  extendTo(bytes: number): void;
  release(): void;
};

export type ByteBudget = {
  /** `holder` is whoever sends. Throws `overloaded`. */
  reserve(holder: string, bytes: number): Reservation;
};

/**
 * Bounds the memory of all requests together, and of those of one holder, so that nobody alone can use up what is there
 * for all: who does not fit is told to come again instead of being queued.
 */
export function createByteBudget(limits: {
  readonly maxBytes: number;
  readonly maxBytesPerHolder: number;
}): ByteBudget {
  const usedBy = new Map<string, number>();
  let used = 0;

  function take(holder: string, bytes: number): void {
    const held = usedBy.get(holder) ?? 0;
    if (held + bytes > limits.maxBytesPerHolder) {
      throw new LedgerError(
        'overloaded',
        'Cannot take in more events of this key now: let its other requests end first',
      );
    }
    if (used + bytes > limits.maxBytes) {
      throw new LedgerError('overloaded', 'Cannot take in more events now: try again in a second');
    }
    used += bytes;
    usedBy.set(holder, held + bytes);
  }

  function give(holder: string, bytes: number): void {
    used -= bytes;
    const left = (usedBy.get(holder) ?? 0) - bytes;
    if (left > 0) usedBy.set(holder, left);
    else usedBy.delete(holder);
  }

  return {
    reserve(holder, bytes) {
      take(holder, bytes);
      let held = bytes;
      return {
        extendTo(wanted) {
          if (wanted <= held) return;
          take(holder, wanted - held);
          held = wanted;
        },
        release() {
          give(holder, held);
          held = 0;
        },
      };
    },
  };
}
