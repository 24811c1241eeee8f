import { isJsonObject } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { withWaiting } from '../hooks/wait-of.ts';
import { callOf, callSchema, heldBody, heldSchema, objectOf, saidSchema, scope, taskId } from './call-schema.ts';
import type { GatewayCalls } from './gateway-calls.ts';

const callLimitBytes = 4 * 1024 * 1024;
/** What a tool gave back comes along, and may be long. */
const resultLimitBytes = 8 * 1024 * 1024;
const hexDigest = '^[0-9a-f]{64}$';

/** `/v1/agent/gateway`: what the gateway asks before a call of MCP goes to its server, and tells after it. */
export function createGatewayCallRoutes(gateway: GatewayCalls): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.post(
      '/v1/agent/gateway/calls',
      {
        config: { scope, bodyLimitBytes: callLimitBytes, leavesRecord: true },
        schema: {
          summary: 'May this call of MCP go to its server',
          tags: ['agents'],
          body: Type.Object(callSchema, { additionalProperties: false }),
          response: {
            200: Type.Object({
              verdict: Type.Enum(['allow', 'deny']),
              reason: Type.String(),
              is_over: Type.Boolean(),
              is_forgotten: Type.Boolean({ description: 'Tell the tools of the server again, then ask again' }),
              arguments: Type.Optional(
                Type.Record(Type.String(), Type.Unknown(), {
                  description:
                    'To be sent in place of those that were asked about: tokens in them stand for values again',
                }),
              ),
            }),
          },
        },
      },
      async (request, reply) =>
        withWaiting({ request, reply }, async (waiting) => {
          const { body, principal } = request;
          const { verdict, reason, isOver, isForgotten, input } = await gateway.judge({
            sessionId: principal.id,
            call: callOf(body),
            waiting,
            onRecorded: () => request.leftRecord(),
          });
          return {
            verdict,
            reason,
            is_over: isOver,
            is_forgotten: isForgotten,
            ...(input === undefined ? {} : { arguments: { ...input } }),
          };
        }),
    );

    app.post(
      '/v1/agent/gateway/results',
      {
        config: { scope, bodyLimitBytes: resultLimitBytes, leavesRecord: true },
        schema: {
          summary: 'What came back from a call of MCP',
          tags: ['agents'],
          body: Type.Object(
            {
              ...callSchema,
              result: saidSchema,
              is_success: Type.Boolean(),
              duration_ms: Type.Integer({ minimum: 0, maximum: 86_400_000 }),
              task: Type.Optional(taskId),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              content: Type.Enum(['person', 'trusted', 'untrusted']),
              result: Type.Optional(
                Type.Record(Type.String(), Type.Unknown(), {
                  description: 'To be passed on in place of what came back: secrets in it are tokens',
                }),
              ),
              ...heldSchema,
            }),
          },
        },
      },
      async (request) => {
        const { body, principal } = request;
        const { content, output, held } = await gateway.finished({
          sessionId: principal.id,
          call: callOf(body),
          result: objectOf(body.result),
          isSuccess: body.is_success,
          durationMs: body.duration_ms,
          ...(body.task === undefined ? {} : { task: body.task }),
        });
        if (held?.isForgotten !== true) request.leftRecord();
        return { content, ...(isJsonObject(output) ? { result: { ...output } } : {}), ...heldBody(held) };
      },
    );

    app.post(
      '/v1/agent/gateway/missed',
      {
        config: { scope },
        schema: {
          summary: 'Calls of MCP that went ahead while the server could not be reached',
          tags: ['agents'],
          body: Type.Object(
            {
              calls: Type.Array(
                Type.Object(
                  {
                    server: callSchema.server,
                    kind: callSchema.kind,
                    name: callSchema.name,
                    at_ms: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
                    input_digest: Type.String({ pattern: hexDigest }),
                    session: Type.Optional(Type.String({ pattern: '^[0-9a-f]{1,64}$' })),
                  },
                  { additionalProperties: false },
                ),
                { minItems: 1, maxItems: 100 },
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ recorded: Type.Integer() }) },
        },
      },
      async ({ body: { calls }, principal }) => {
        await gateway.missed({
          sessionId: principal.id,
          calls: calls.map(({ at_ms: atMs, input_digest: inputDigest, session, ...call }) => ({
            ...call,
            atMs,
            inputDigest,
            ...(session === undefined || session === principal.id ? {} : { session }),
          })),
        });
        return { recorded: calls.length };
      },
    );
  };
}
