import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Demo } from './demo.ts';

/** `/v1/demo`: something to see before anything is connected. */
export function createDemoRoutes(demo: Demo): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'demo:run' };
    const tags = ['demo'];
    app.post(
      '/v1/demo/replay',
      {
        config,
        schema: {
          summary: 'Play a made-up break-in through the ordinary intake; every event of it is marked as synthetic',
          tags,
          body: Type.Object(
            {
              run: Type.Optional(
                Type.String({
                  pattern: '^[\\w-]{1,64}$',
                  description: 'Playing the same run again records nothing twice',
                }),
              ),
              at_once: Type.Optional(Type.Boolean({ description: 'Not spread over some ten seconds' })),
            },
            { additionalProperties: false },
          ),
          response: {
            202: Type.Object({
              run: Type.String({ description: 'The events have it as `raw.demo_run`' }),
              title: Type.String(),
              events: Type.Integer(),
              duration_ms: Type.Integer({ description: 'Until the last event is sent' }),
            }),
          },
        },
      },
      async (request, reply) => {
        const { run, at_once: atOnce = false } = request.body;
        const started = await demo.replay({ atOnce, actor: request.principal, ...(run === undefined ? {} : { run }) });
        const { durationMs, ...shown } = started;
        return reply.code(202).send({ ...shown, duration_ms: durationMs });
      },
    );
    app.get(
      '/v1/demo/replay',
      {
        config,
        schema: {
          summary: 'How far the demonstrations are: those that play, and the last few since the server started',
          tags,
          response: {
            200: Type.Object({
              runs: Type.Array(
                Type.Object({
                  run: Type.String(),
                  sent: Type.Integer(),
                  events: Type.Integer(),
                  state: Type.Enum(['playing', 'finished', 'failed']),
                }),
                { description: 'Newest first' },
              ),
            }),
          },
        },
      },
      async () => ({ runs: [...demo.runs()] }),
    );
    app.post(
      '/v1/demo/ingest-key',
      {
        config,
        schema: {
          summary: 'A key that may send events as the source `my-machine` for an hour; it is shown only in this reply',
          tags,
          response: {
            201: Type.Object({
              key: Type.String(),
              source: Type.String(),
              expires_at: Type.String({ format: 'date-time' }),
            }),
          },
        },
      },
      async (request, reply) => {
        const { key, source, expiresAtMs } = await demo.createIngestKey(request.principal);
        return reply.code(201).send({ key, source, expires_at: new Date(expiresAtMs).toISOString() });
      },
    );
  };
}
