import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { stopScopes } from './stops.ts';
import type { Stop, Stops } from './stops.ts';

const ShownStop = Type.Object({
  id: Type.String(),
  scope: Type.Enum([...stopScopes]),
  value: Type.String({ description: 'Id of the session, agent or owner; name of the model; empty for all' }),
  reason: Type.String(),
  by: Type.String(),
  at_ms: Type.Integer(),
});

/** `/v1/agent/stops`: the switch that stops agents. */
export function createStopRoutes(stops: Stops): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['agents'];

    app.get(
      '/v1/agent/stops',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'What is stopped, newest first',
          tags,
          response: { 200: Type.Object({ stops: Type.Array(ShownStop) }) },
        },
      },
      async () => ({ stops: stops.list().map(shown) }),
    );

    app.post(
      '/v1/agent/stops',
      {
        config: { scope: 'agents:stop' },
        schema: {
          summary:
            'Stop agents: a run, an agent, all of a person, all of a model, or all; holds from now on, over restarts',
          tags,
          body: Type.Object(
            {
              scope: Type.Enum([...stopScopes]),
              value: Type.Optional(Type.String({ maxLength: 256 })),
              reason: Type.Optional(Type.String({ maxLength: 500 })),
            },
            { additionalProperties: false },
          ),
          response: { 201: ShownStop },
        },
      },
      async ({ body: { scope, value = '', reason = '' }, principal }, reply) =>
        reply.code(201).send(shown(await stops.stop({ scope, value, reason, by: principal }))),
    );

    app.delete(
      '/v1/agent/stops/:id',
      {
        config: { scope: 'agents:manage', stepUp: true },
        schema: {
          summary: 'Let those go on that a stop holds',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal }, reply) => {
        await stops.lift({ id, by: principal });
        return reply.code(204).send(null);
      },
    );
  };
}

function shown({ atMs, ...stop }: Stop): Static<typeof ShownStop> {
  return { ...stop, at_ms: atMs };
}
