import { LedgerError } from '@sallyport/ledger';

/** Bytes one request holds of the budget all requests share. */
export type Reservation = {
  /** Grows the reservation to `bytes` if it is smaller. Throws `overloaded`, as the ledger itself does, when the budget is spent. */
  extendTo(bytes: number): void;
  release(): void;
};

export type ByteBudget = { reserve(bytes: number): Reservation };

/** Bounds the memory of all requests together: who does not fit is told to come again instead of being queued. */
export function createByteBudget(maxBytes: number): ByteBudget {
  let used = 0;

  function take(bytes: number): void {
    if (used + bytes > maxBytes) {
      throw new LedgerError('overloaded', 'Cannot take in more events now: try again in a second');
    }
    used += bytes;
  }

  return {
    reserve(bytes) {
      take(bytes);
      let held = bytes;
      return {
        extendTo(wanted) {
          if (wanted <= held) return;
          take(wanted - held);
          held = wanted;
        },
        release() {
          used -= held;
          held = 0;
        },
      };
    },
  };
}
