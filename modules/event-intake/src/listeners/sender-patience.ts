import type { Clock } from '@sallyport/platform/clock';

/**
 * How long a connection is waited for. Only waiting for the sender counts: while it waits for us, because the ledger is behind or it
 * sent too fast, it is neither idle nor slow.
 */
export type SenderPatience = {
  /** From now on the sender is waited for. The time of a message begins anew when another one ended before it. */
  wait(isWithinMessage: boolean, hasEndedOne?: boolean): void;
  /** It is not waited for any more. */
  stop(): void;
};

export function createSenderPatience(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Without a byte. */
  readonly idleMs: number;
  /** From the beginning of a message to its end, over all its bytes. */
  readonly messageMs: number;
  readonly onEnd: () => void;
}): SenderPatience {
  const { clock, idleMs, messageMs, onEnd } = needs;
  let timer: NodeJS.Timeout | undefined;
  let sinceMs: number | undefined;
  let spentMs = 0;

  return {
    wait(isWithinMessage, hasEndedOne = false) {
      if (!isWithinMessage || hasEndedOne) spentMs = 0;
      sinceMs = isWithinMessage ? clock.monotonicMs() : undefined;
      const leftMs = isWithinMessage ? Math.min(idleMs, Math.max(0, messageMs - spentMs)) : idleMs;
      clearTimeout(timer);
      timer = setTimeout(onEnd, leftMs);
    },
    stop() {
      clearTimeout(timer);
      if (sinceMs !== undefined) spentMs += clock.monotonicMs() - sinceMs;
      sinceMs = undefined;
    },
  };
}
