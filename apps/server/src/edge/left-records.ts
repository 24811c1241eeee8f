import type { FastifyRequest } from 'fastify';

/** Requests of routes with `leavesRecord`: each is counted when it is over, since whether it stands in the ledger by itself is known then. */
export type LeftRecords = {
  letIn(request: FastifyRequest): void;
  /** The ledger holds what it asked or told. */
  leftRecord(request: FastifyRequest): void;
  /** Answered or not. Without one: all that were let in are. */
  over(request?: FastifyRequest): void;
};

export function createLeftRecords(
  count: (request: FastifyRequest, left: { readonly leftRecord?: true }) => void,
): LeftRecords {
  const goingOn = new Map<FastifyRequest, { readonly leftRecord?: true }>();
  return {
    letIn: (request) => void goingOn.set(request, {}),
    leftRecord(request) {
      if (goingOn.has(request)) goingOn.set(request, { leftRecord: true });
    },
    over(request) {
      for (const one of request === undefined ? [...goingOn.keys()] : [request]) {
        const left = goingOn.get(one);
        if (left === undefined) continue;
        goingOn.delete(one);
        count(one, left);
      }
    },
  };
}
