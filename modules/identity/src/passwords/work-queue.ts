import { IdentityError } from '../errors.ts';

/**
 * One at a time, in order, at most `maxWaiting` of them: what costs much must not be had in parallel for the asking.
 * Rejects with `passwords_busy` when the queue is full.
 */
export function createWorkQueue(maxWaiting: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    if (waiting >= maxWaiting)
      throw new IdentityError('passwords_busy', 'Cannot check another password now: try again in 2 s', {
        details: { retryAfterSeconds: 2 },
      });
    waiting += 1;
    const result = last.then(work);
    last = result.catch(() => undefined).finally(() => (waiting -= 1));
    return result;
  };
}
