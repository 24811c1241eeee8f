/** Keeps the screen on while it is held: a phone that locks itself takes the camera away. */
export type WakeLock = {
  /** Whether the system has granted it. */
  hold(): Promise<boolean>;
  release(): void;
};

/** `onChange` when it is lost, as when another page is looked at, and when it is had again. */
export function createWakeLock(needs: {
  readonly wakeLock: Pick<globalThis.WakeLock, 'request'> | undefined;
  readonly page: Pick<Document, 'addEventListener' | 'removeEventListener' | 'visibilityState'>;
  readonly onChange: (isHeld: boolean) => void;
}): WakeLock {
  const { wakeLock, page, onChange } = needs;
  let isWanted = false;
  let sentinel: WakeLockSentinel | undefined;

  const request = async (): Promise<boolean> => {
    if (!isWanted || page.visibilityState !== 'visible' || wakeLock === undefined) return false;
    if (sentinel?.released === false) return true;
    try {
      const held = await wakeLock.request('screen');
      sentinel = held;
      held.addEventListener('release', () => onChange(false));
      if (!isWanted) await held.release();
      else onChange(true);
      return isWanted;
    } catch {
      // A low battery or a setting of the system.
      onChange(false);
      return false;
    }
  };
  const again = (): void => void request();

  return {
    async hold() {
      isWanted = true;
      page.addEventListener('visibilitychange', again);
      return request();
    },
    release() {
      isWanted = false;
      page.removeEventListener('visibilitychange', again);
      void sentinel?.release();
      sentinel = undefined;
    },
  };
}
