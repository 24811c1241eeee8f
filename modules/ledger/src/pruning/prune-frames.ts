import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import { readMinimumIndex } from './minimum-index.ts';
import type { LogPruner, PrunedSegment, PruningPlan } from './log-pruner.ts';

/** Pruning as the server asks the sealer for it, a step at a time. */
export type PruningSteps = {
  minimumIndex(log: number): Promise<number>;
  plan(log: number): Promise<PruningPlan>;
  hollow(log: number, segment: number): Promise<PrunedSegment>;
  raise(log: number, planned: number): Promise<number>;
};

/** The sealer's end. */
export function pruneHandlers(needs: {
  readonly prunerOf: (log: JsonValue | undefined) => LogPruner;
  readonly directoryOf: (log: JsonValue | undefined) => string;
}): FrameHandlers {
  return {
    'prune.minimum': ({ head }) => ({ head: { minimum_index: readMinimumIndex(needs.directoryOf(head['log'])) } }),
    'prune.plan': ({ head }) => {
      const { segments, minimumIndex } = needs.prunerOf(head['log']).plan();
      return { head: { segments: [...segments], minimum_index: minimumIndex } };
    },
    'prune.hollow': async ({ head }) => ({
      head: { ...(await needs.prunerOf(head['log']).hollow(Number(head['segment']))) },
    }),
    'prune.raise': ({ head }) => ({
      head: { minimum_index: needs.prunerOf(head['log']).raise(Number(head['planned'])) },
    }),
  };
}

/** The server's end. */
export function createPruningSteps(
  call: (method: string, request: { head: JsonObject }) => Promise<FrameBody>,
): PruningSteps {
  return {
    minimumIndex: async (log) => Number((await call('prune.minimum', { head: { log } })).head['minimum_index']),
    async plan(log) {
      const { head } = await call('prune.plan', { head: { log } });
      const { segments } = head;
      return {
        segments: Array.isArray(segments) ? segments.map(Number) : [],
        minimumIndex: Number(head['minimum_index']),
      };
    },
    async hollow(log, segment) {
      const { head } = await call('prune.hollow', { head: { log, segment } });
      return { blocks: Number(head['blocks']), events: Number(head['events']), bytes: Number(head['bytes']) };
    },
    raise: async (log, planned) =>
      Number((await call('prune.raise', { head: { log, planned } })).head['minimum_index']),
  };
}
