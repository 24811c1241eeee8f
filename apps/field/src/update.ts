/**
 * Keeps the page on this phone, so that it opens without a network, and brings new versions of it: at once when the page
 * was just opened, else when the person says so. Nothing is reloaded while `isBusy`.
 */
export async function keepPage(needs: {
  readonly serviceWorker: ServiceWorkerContainer;
  readonly isBusy: () => boolean;
  readonly onUpdate: () => void;
  readonly reload: () => void;
}): Promise<{ useUpdate(): void }> {
  const { serviceWorker, isBusy, onUpdate, reload } = needs;
  const hadVersion = serviceWorker.controller !== null;
  const registration = await serviceWorker.register('/field/service-worker.js', { scope: '/field/' });
  const useUpdate = (): void => registration.waiting?.postMessage('use-this-version');
  const found = (): void => {
    if (registration.waiting === null || !hadVersion) return;
    onUpdate();
    if (!isBusy()) useUpdate();
  };
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => installing.state === 'installed' && found());
  });
  // The first version takes over a page that has it already.
  serviceWorker.addEventListener('controllerchange', () => hadVersion && !isBusy() && reload());
  found();
  return { useUpdate };
}
