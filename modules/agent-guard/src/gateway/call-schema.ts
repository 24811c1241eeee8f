import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { Type } from 'typebox';
import { gatewayKinds, type GatewayCall } from './gateway-calls.ts';

export const scope = 'agents:report';
const name = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** A call of MCP, as a gateway says it. */
export const callSchema = {
  id: Type.String({ pattern: '^[\\w-]{8,64}$', description: 'Made by the gateway, for this call alone' }),
  server: Type.String({ pattern: '^[\\w.-]{1,64}$', description: 'Under which the harness knows it' }),
  kind: Type.Enum([...gatewayKinds]),
  name: name(4096),
  digest: Type.Optional(Type.String({ maxLength: 100, description: 'Of the tool as the client was shown it' })),
  arguments: Type.Record(Type.String({ maxLength: 1000 }), Type.Unknown(), { maxProperties: 1000 }),
};
export const taskId = Type.String({
  pattern: '^[\\w-]{8,64}$',
  description: 'Made by the gateway, for this task alone',
});
/** What a server said, however it is nested. */
export const saidSchema = Type.Record(Type.String({ maxLength: 1000 }), Type.Unknown(), { maxProperties: 1000 });

/** Of a task: why it may not be had. */
export const heldSchema = {
  held: Type.Optional(Type.String({ description: 'Why it may not be had' })),
  is_over: Type.Optional(Type.Boolean({ description: 'The whole run is over' })),
  is_forgotten: Type.Optional(Type.Boolean({ description: 'Tell the tools of the server again, then this' })),
};

export function callOf(body: {
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

export function objectOf(given: unknown): JsonObject {
  return isJsonObject(given) ? given : {};
}

export function heldBody(
  held: { readonly reason: string; readonly isOver: boolean; readonly isForgotten?: true } | undefined,
): { held?: string; is_over?: boolean; is_forgotten?: boolean } {
  if (held === undefined) return {};
  return { held: held.reason, is_over: held.isOver, ...(held.isForgotten === true ? { is_forgotten: true } : {}) };
}
