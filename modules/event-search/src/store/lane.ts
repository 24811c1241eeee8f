import { EventSearchError } from '../errors.ts';

/** Runs tasks one after another: the engine serialises a connection, so waiting is bounded here instead of inside it. */
export type Lane = { run<Result>(task: () => Promise<Result>): Promise<Result> };

/** Throws `EventSearchError` `store_busy` when `maxWaiting` tasks wait already. */
export function createLane(maxWaiting: number): Lane {
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run(task) {
      if (waiting >= maxWaiting) {
        return Promise.reject(
          new EventSearchError(
            'store_busy',
            `Cannot run the query: ${waiting} are waiting, must be fewer than ${maxWaiting}`,
            { hint: 'try again in a few seconds' },
          ),
        );
      }
      waiting += 1;
      const result = tail.then(() => {
        waiting -= 1;
        return task();
      });
      tail = result.catch(() => undefined);
      return result;
    },
  };
}
