import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

// Merging with Fastify's declarations is only possible for interfaces.
/* oxlint-disable typescript/consistent-type-definitions */
declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must hold. A route with neither `scope` nor `public` is denied to everybody. */
    scope?: string;
    /** Anybody may call, without a key. */
    public?: true;
    /** Instead of the edge's default limit for request bodies. */
    bodyLimitBytes?: number;
  }
  interface FastifyRequest {
    /** Who calls; set before any handler runs. A public route has no principal: reading it there throws. */
    principal: Principal;
  }
}
/* oxlint-enable typescript/consistent-type-definitions */

/** Who calls, as the edge established it. */
export type Principal = {
  readonly kind: 'key' | 'operator';
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** The only source this key may send events as; any when undefined. */
  readonly source?: string;
};

/** Error code → HTTP status and title. Each module exports its own; codes are unique over all of them. */
export type ProblemTable = Readonly<Record<string, { status: number; title: string }>>;

/** A module's routes; the edge registers them. */
export type RoutePlugin = (app: FastifyInstance) => Promise<void>;

/** `app` with the types of its TypeBox schemas in the handlers. */
export function typedApp(
  app: FastifyInstance,
): FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
> {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}
