import { formatPosition } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { HistoryStanding, RemapHistory } from './remap-history.ts';

const position = (description: string) => Type.Optional(Type.String({ description }));
const Standing = Type.Object({
  state: Type.Enum(['none', 'asked', 'running', 'done']),
  mappings: Type.Enum(['sealed', 'today', 'older'], {
    description: 'By what events before `until` are shown; older: mappings have changed since it was asked',
  }),
  asked: Type.Optional(Type.String({ format: 'date-time' })),
  through: position('LOG/INDEX; what stands before it is written'),
  until: position('LOG/INDEX; what stands from here on is shown as it was sealed'),
  kept: Type.Integer({ description: 'About how many events could not be mapped and are shown as sealed' }),
});

/** `/v1/search/remap`: how search shows history. */
export function createRemapRoutes(history: RemapHistory): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['events'];
    app.get(
      '/v1/search/remap',
      {
        config: { scope: 'settings:read' },
        schema: {
          summary: 'By which mappings search shows history, and how far that is',
          tags,
          response: { 200: Standing },
        },
      },
      async () => shown(await history.standing()),
    );
    app.post(
      '/v1/search/remap',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Fill the search store again, with history as other mappings show it; the ledger is not touched',
          tags,
          body: Type.Object(
            {
              mappings: Type.Optional(
                Type.Enum(['today', 'sealed'], { description: 'Default today; sealed: as each event was recorded' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 202: Standing },
        },
      },
      async ({ body, principal }, reply) =>
        reply.status(202).send(shown(await history.ask(body.mappings ?? 'today', principal))),
    );
  };
}

function shown({ state, mappings, askedAtMs, through, until, kept }: HistoryStanding): Static<typeof Standing> {
  return {
    state,
    mappings,
    ...(askedAtMs !== undefined && { asked: new Date(askedAtMs).toISOString() }),
    ...(through !== undefined && { through: formatPosition(through) }),
    ...(until !== undefined && { until: formatPosition(until) }),
    kept,
  };
}
