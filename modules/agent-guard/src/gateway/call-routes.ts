import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { withWaiting } from '../hooks/wait-of.ts';
import { gatewayKinds, type GatewayCall, type GatewayCalls } from './gateway-calls.ts';

const scope = 'agents:report';
const callLimitBytes = 4 * 1024 * 1024;
/** What a tool gave back comes along, and may be long. */
const resultLimitBytes = 8 * 1024 * 1024;
const hexDigest = '^[0-9a-f]{64}$';

const name = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const callSchema = {
  id: Type.String({ pattern: '^[\\w-]{8,64}$', description: 'Made by the gateway, for this call alone' }),
  server: Type.String({ pattern: '^[\\w.-]{1,64}$', description: 'Under which the harness knows it' }),
  kind: Type.Enum([...gatewayKinds]),
  name: name(4096),
  digest: Type.Optional(Type.String({ maxLength: 100, description: 'Of the tool as the client was shown it' })),
  arguments: Type.Record(Type.String({ maxLength: 1000 }), Type.Unknown(), { maxProperties: 1000 }),
};

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
        config: { scope, bodyLimitBytes: resultLimitBytes },
        schema: {
          summary: 'What came back from a call of MCP',
          tags: ['agents'],
          body: Type.Object(
            {
              ...callSchema,
              result: Type.Record(Type.String({ maxLength: 1000 }), Type.Unknown(), { maxProperties: 1000 }),
              is_success: Type.Boolean(),
              duration_ms: Type.Integer({ minimum: 0, maximum: 86_400_000 }),
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
            }),
          },
        },
      },
      async ({ body, principal }) => {
        const { content, output } = await gateway.finished({
          sessionId: principal.id,
          call: callOf(body),
          result: objectOf(body.result),
          isSuccess: body.is_success,
          durationMs: body.duration_ms,
        });
        return { content, ...(isJsonObject(output) ? { result: { ...output } } : {}) };
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

function callOf(body: {
  readonly id: string;
  readonly server: string;
  readonly kind: GatewayCall['kind'];
  readonly name: string;
  readonly digest?: string;
  readonly arguments: Record<string, unknown>;
}): GatewayCall {
  const { id, server, kind, name: called, digest } = body;
  return {
    id,
    server,
    kind,
    name: called,
    ...(digest === undefined ? {} : { digest }),
    input: objectOf(body.arguments),
  };
}

function objectOf(given: unknown): JsonObject {
  return isJsonObject(given) ? given : {};
}
