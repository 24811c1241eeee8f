import type { Principal } from '@sallyport/platform/http';
import { EventSearchError } from './errors.ts';

/** Searches wait for each other: nobody may have so many under way that the others get no turn. */
export type CallerLanes = {
  /** Throws `store_busy` when the caller has too many already. */
  run<Result>(principal: Principal, task: () => Promise<Result>): Promise<Result>;
};

export function createCallerLanes(maxPerCaller: number): CallerLanes {
  const underWay = new Map<string, number>();
  return {
    async run({ kind, id }, task) {
      const caller = `${kind}/${id}`;
      const own = underWay.get(caller) ?? 0;
      if (own >= maxPerCaller) {
        throw new EventSearchError(
          'store_busy',
          `Cannot run the query: ${own} of this caller are under way, must be fewer than ${maxPerCaller}`,
          { hint: 'wait for the answers of those before' },
        );
      }
      underWay.set(caller, own + 1);
      try {
        return await task();
      } finally {
        const left = (underWay.get(caller) ?? 1) - 1;
        if (left === 0) underWay.delete(caller);
        else underWay.set(caller, left);
      }
    },
  };
}
