import { AsyncLocalStorage } from 'node:async_hooks';
import type { JsonObject } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';

/**
 * Marks what is done with rights held for a time: while a request of somebody who has some is answered, everything that is
 * recorded carries the ids of their grants, whichever module records it.
 */
export type GrantMarks = {
  /** Runs the rest of a request as theirs. */
  around(principal: Principal, run: () => void): void;
  /** What an event of this moment carries; undefined where nobody acts with a grant. */
  current(): JsonObject | undefined;
};

export function createGrantMarks(): GrantMarks {
  const held = new AsyncLocalStorage<JsonObject>();
  return {
    around({ grantIds = [] }, run) {
      if (grantIds.length === 0) run();
      else held.run({ grant_ids: [...grantIds] }, run);
    },
    current: () => held.getStore(),
  };
}
