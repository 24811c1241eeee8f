/** So many windows that nobody looks at listen for all of them. */
const hiddenListeners = 2;
/** Who only glances elsewhere and comes back has lost nothing. */
const settleMs = 2000;
const grantWithinMs = 1000;

export type ListeningTurn = { readonly onTurn: () => void; readonly onTurnOver: () => void };

/**
 * A browser keeps six connections to a server open for all of its windows, and a stream takes one for good: with the
 * seventh window nothing would load any more. So a window listens while it is looked at, and of the hidden ones two do,
 * so that an alert is announced all the same. It listens at the beginning; told `onTurnOver`, it no longer may.
 * Where there are no locks (a page without TLS that is not of this machine), every window listens.
 * Returns what ends it.
 */
export function takeListeningTurns({ onTurn, onTurnOver }: ListeningTurn): () => void {
  if (!isSecureContext) return () => undefined;
  let waiting: AbortController | undefined;
  let release: (() => void) | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;

  const stopWaiting = (): void => {
    clearTimeout(settling);
    waiting?.abort();
    waiting = undefined;
    release?.();
    release = undefined;
  };
  const ask = (): void => {
    const asked = new AbortController();
    waiting = asked;
    settling = setTimeout(onTurnOver, grantWithinMs);
    const granted = async (): Promise<void> => {
      if (asked.signal.aborted || release !== undefined) return;
      clearTimeout(settling);
      onTurn();
      await new Promise<void>((done) => {
        release = done;
      });
    };
    for (let place = 0; place < hiddenListeners; place += 1) {
      const name = `sallyport.listening/${place}`;
      // Refused when nobody waits any more.
      navigator.locks.request(name, { signal: asked.signal }, granted).catch(() => undefined);
    }
  };
  const look = (): void => {
    stopWaiting();
    if (document.visibilityState === 'hidden') settling = setTimeout(ask, settleMs);
    else onTurn();
  };
  document.addEventListener('visibilitychange', look);
  if (document.visibilityState === 'hidden') look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    stopWaiting();
  };
}
