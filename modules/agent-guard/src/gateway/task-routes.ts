import { agentTaskChanges, isJsonObject } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { callOf, callSchema, heldBody, heldSchema, objectOf, saidSchema, scope, taskId } from './call-schema.ts';
import type { GatewayCalls } from './gateway-calls.ts';

const strict = { additionalProperties: false } as const;
/** The arguments of its call come along. */
const bodyLimitBytes = 4 * 1024 * 1024;

/** `/v1/agent/gateway/tasks`: calls of MCP that go on at their server, and whether they still may. */
export function createTaskRoutes(gateway: Pick<GatewayCalls, 'task' | 'standing'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.post(
      '/v1/agent/gateway/tasks',
      {
        config: { scope, bodyLimitBytes, leavesRecord: true },
        schema: {
          summary: 'A call of MCP goes on as a task, or brings nothing any more',
          tags: ['agents'],
          body: Type.Object(
            {
              ...callSchema,
              task: taskId,
              change: Type.Enum([...agentTaskChanges], {
                description:
                  '`said`: its server said something of it; `resumed`: the gateway it began with is gone, and another of this run goes on with it; its result is told as of any call',
              }),
              words: Type.Optional(saidSchema),
              reason: Type.Optional(Type.String({ maxLength: 500 })),
            },
            strict,
          ),
          response: {
            200: Type.Object({
              words: Type.Optional(
                Type.Record(Type.String(), Type.Unknown(), {
                  description: 'To be passed on in place of what was said: secrets in it are tokens',
                }),
              ),
              ...heldSchema,
            }),
          },
        },
      },
      async (request) => {
        const { body, principal } = request;
        const { task, change, words, reason } = body;
        const { output, held } = await gateway.task({
          sessionId: principal.id,
          call: callOf(body),
          task,
          change,
          ...(words === undefined ? {} : { words: objectOf(words) }),
          ...(reason === undefined ? {} : { reason: reason.toWellFormed() }),
        });
        if (held?.isForgotten !== true) request.leftRecord();
        return { ...(isJsonObject(output) ? { words: { ...output } } : {}), ...heldBody(held) };
      },
    );

    app.get(
      '/v1/agent/gateway/tasks/standing',
      {
        config: { scope },
        schema: {
          summary: 'Whether calls of MCP may go on as tasks',
          tags: ['agents'],
          querystring: Type.Object({ server: callSchema.server }, strict),
          response: {
            200: Type.Object({
              is_over: Type.Boolean(),
              reason: Type.Optional(Type.String({ description: 'Why the whole run is over' })),
              held: Type.Optional(Type.String({ description: 'Why nothing of this server may go on' })),
            }),
          },
        },
      },
      async ({ query: { server }, principal }) => {
        const { over, held } = await gateway.standing({ sessionId: principal.id, server });
        return {
          is_over: over !== undefined,
          ...(over === undefined ? {} : { reason: over }),
          ...(held === undefined ? {} : { held }),
        };
      },
    );
  };
}
