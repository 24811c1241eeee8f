/**
 * Lets one page of this browser film at a time: two would take the camera and the name from each other. Resolves to what
 * gives it back, or undefined when another page has it.
 */
export async function takeTurn(locks: Pick<LockManager, 'request'>): Promise<(() => void) | undefined> {
  const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>();
  const held = Promise.withResolvers<undefined>();
  locks
    .request('sallyport-field-filming', { ifAvailable: true }, async (lock) => {
      resolve(lock === null ? undefined : () => held.resolve(undefined));
      if (lock !== null) await held.promise;
    })
    .catch(() => resolve(undefined));
  return promise;
}
