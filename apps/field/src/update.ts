/** What keeps this page on the phone. */
export type KeptPage = {
  /** The person asks for the new version. */
  useUpdate(): void;
  /** Nothing is filmed any more: what was put off is done soon. */
  rested(): void;
};

/** A phone may film for months without being opened anew. */
const lookEveryMs = 3_600_000;
/** What was recorded last is being written. */
const restMs = 5000;

/**
 * Keeps the page on this phone, so that it opens without a network, and brings new versions of it: at once while nothing
 * goes on here, else when filming is over or the person says so. Nothing is reloaded, and no version that somebody films
 * with in this browser is taken away, while they film.
 */
export async function keepPage(needs: {
  readonly serviceWorker: ServiceWorkerContainer;
  readonly isBusy: () => boolean;
  /** Another page of this browser films. */
  readonly filmsElsewhere: () => Promise<boolean>;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly onUpdate: () => void;
  readonly reload: () => void;
}): Promise<KeptPage> {
  const { serviceWorker, isBusy, after, onUpdate, reload } = needs;
  let controller = serviceWorker.controller;
  /** The worker is newer than the page. */
  let isStale = false;
  const registration = await serviceWorker.register('/field/service-worker.js', { scope: '/field/' });
  const useUpdate = (): void => {
    if (isStale) reload();
    else registration.waiting?.postMessage('use-this-version');
  };
  const useWhenIdle = async (): Promise<void> => {
    if (!isBusy() && !(await needs.filmsElsewhere()) && !isBusy()) useUpdate();
  };
  const found = (): void => {
    // The first version of all takes over by itself.
    if (registration.waiting === null || serviceWorker.controller === null) return;
    onUpdate();
    void useWhenIdle();
  };
  const look = (): void => {
    registration.update().catch(() => undefined);
    after(lookEveryMs, look);
  };
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => installing.state === 'installed' && found());
  });
  serviceWorker.addEventListener('controllerchange', () => {
    isStale = controller !== null;
    controller = serviceWorker.controller;
    if (!isStale) return;
    if (isBusy()) onUpdate();
    else reload();
  });
  found();
  after(lookEveryMs, look);
  return { useUpdate, rested: () => void after(restMs, () => void useWhenIdle()) };
}
