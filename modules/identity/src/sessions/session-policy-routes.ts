import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import type { PeopleNeeds } from '../needs.ts';
import { defaultLimits, limitBounds, type SessionPolicy } from './session-limits.ts';

const maxRoles = 100;
const bounded = ({ least, most }: { readonly least: number; readonly most: number }, description: string) =>
  Type.Integer({ minimum: least, maximum: most, description });

const Limits = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 100 }),
    idle_minutes: bounded(limitBounds.idleMinutes, 'Without use by somebody’s own hands; at most the lifetime'),
    lifetime_minutes: bounded(limitBounds.lifetimeMinutes, 'In any case'),
    max_sessions: bounded(limitBounds.maxSessions, 'Open at once, of one person'),
    browser_key: Type.Enum(['allowed', 'required'], {
      description: 'Whether each session must be bound to a key that the browser cannot give away',
    }),
  },
  { additionalProperties: false },
);
const Rules = Type.Object(
  {
    roles: Type.Array(Limits, { maxItems: maxRoles, description: 'Of several roles the strictest counts' }),
    when_too_many: Type.Enum(['end-oldest', 'ask'], { description: 'What becomes of a sign-in that is one too many' }),
  },
  { additionalProperties: false },
);

/** `/v1/sessions/policy`: how long sessions last, and how many one person may have. */
export function createSessionPolicyRoutes(
  { sessionPolicies }: Pick<PeopleServices, 'sessionPolicies'>,
  { policy }: Pick<PeopleNeeds, 'policy'>,
): RoutePlugin {
  /** Every role there is, with what holds for it. */
  const shown = ({ roles, whenTooMany }: SessionPolicy): Static<typeof Rules> => ({
    roles: policy.roles().map(({ id }) => {
      const limits = roles.find(({ role }) => role === id) ?? defaultLimits(id);
      return {
        role: id,
        idle_minutes: limits.idleMinutes,
        lifetime_minutes: limits.lifetimeMinutes,
        max_sessions: limits.maxSessions,
        browser_key: limits.browserKey,
      };
    }),
    when_too_many: whenTooMany,
  });

  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['sessions'];

    app.get(
      '/v1/sessions/policy',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'How long sessions last, for each role', tags, response: { 200: Rules } },
      },
      async () => shown(await sessionPolicies.read()),
    );

    app.put(
      '/v1/sessions/policy',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Change it, for open sessions too; roles that are left out have the defaults',
          tags,
          body: Rules,
          response: { 200: Rules },
        },
      },
      async ({ body, principal: by }) => {
        const roles = body.roles.map((limits) => ({
          role: limits.role,
          idleMinutes: limits.idle_minutes,
          lifetimeMinutes: limits.lifetime_minutes,
          maxSessions: limits.max_sessions,
          browserKey: limits.browser_key,
        }));
        return shown(await sessionPolicies.change({ policy: { roles, whenTooMany: body.when_too_many }, by }));
      },
    );
  };
}
