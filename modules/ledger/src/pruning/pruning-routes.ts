import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { LedgerClient } from '../ledger-client.ts';
import type { Pruning, PruningState } from './pruning.ts';

const State = Type.Object({
  log: Type.Integer(),
  state: Type.Enum(['running', 'done', 'failed']),
  started: Type.String({ format: 'date-time' }),
  segments_done: Type.Integer({ description: 'Files of blocks looked at' }),
  segments: Type.Integer(),
  blocks: Type.Integer({ description: 'Blocks whose content was let go of' }),
  events: Type.Integer(),
  bytes: Type.Integer({ description: 'Given back to the disk' }),
  minimum_index: Type.Integer({ description: 'Entries below are published as hashes alone' }),
  problem: Type.Optional(Type.String()),
});

/** `/v1/ledger/prune`: lets go of content whose keys were destroyed. */
export function createPruningRoutes(ledger: Pick<LedgerClient, 'head'>, pruning: Pruning): RoutePlugin {
  const tags = ['ledger'];
  return async (plain) => {
    const app = typedApp(plain);
    app.post(
      '/v1/ledger/prune',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Let go of content whose keys were destroyed; recorded with the minimum index before anything goes',
          tags,
          body: Type.Object(
            {
              log: Type.Optional(
                Type.Integer({ minimum: 1, maximum: 999_999_999, description: 'Default: the newest' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 202: State },
        },
      },
      async ({ body, principal }, reply) => {
        const { kind, id, name } = principal;
        return reply.code(202).send(shown(await pruning.start(body.log ?? ledger.head().log, { kind, id, name })));
      },
    );
    app.get(
      '/v1/ledger/prune',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'How far the newest pruning is',
          tags,
          response: { 200: Type.Object({ pruning: Type.Union([State, Type.Null()]) }) },
        },
      },
      async () => {
        const state = pruning.state();
        return { pruning: state === undefined ? null : shown(state) };
      },
    );
  };
}

function shown(state: PruningState) {
  return {
    log: state.log,
    state: state.state,
    started: new Date(state.startedAtMs).toISOString(),
    segments_done: state.segmentsDone,
    segments: state.segments,
    blocks: state.blocks,
    events: state.events,
    bytes: state.bytes,
    minimum_index: state.minimumIndex,
    ...(state.problem === undefined ? {} : { problem: state.problem }),
  };
}
