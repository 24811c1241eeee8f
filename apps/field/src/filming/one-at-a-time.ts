const turnName = 'sallyport-field-filming';

/** Whether any page of this browser has its turn. */
export async function isTurnTaken(locks: Pick<LockManager, 'query'>): Promise<boolean> {
  const { held = [] } = await locks.query();
  return held.some(({ name }) => name === turnName);
}

/**
 * Lets one page of this browser film at a time: two would take the camera and the name from each other. Resolves to what
 * gives it back, or undefined when another page has it.
 */
export async function takeTurn(locks: Pick<LockManager, 'request'>): Promise<(() => void) | undefined> {
  const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>();
  const held = Promise.withResolvers<undefined>();
  locks
    .request(turnName, { ifAvailable: true }, async (lock) => {
      resolve(lock === null ? undefined : () => held.resolve(undefined));
      if (lock !== null) await held.promise;
    })
    .catch(() => resolve(undefined));
  return promise;
}
