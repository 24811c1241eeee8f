import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { IdentityError } from '../errors.ts';
import type { PeopleServices } from '../people/create-people.ts';
import { isoTime } from '../sessions/session-format.ts';
import { countedFactors, type RoleRequirement } from './requirements.ts';

const Time = Type.String({ format: 'date-time' });
const Rule = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 100 }),
    least_assurance: Type.Union([Type.Literal(2), Type.Literal(3)], {
      description: '2: any second factor that counts. 3: one that cannot be phished',
    }),
    factors: Type.Array(Type.Enum([...countedFactors]), {
      minItems: 1,
      maxItems: countedFactors.length,
      uniqueItems: true,
      description: 'What counts as a second factor; a passkey always does. `code`, by e-mail or SMS, is weak',
    }),
    proves_with_passkey: Type.Boolean({
      description: 'Whoever has a passkey for this host name proves themselves with it, not with password and app',
    }),
    enforced_from: Type.Union([Time, Type.Null()], {
      description: 'Until then people are let in as by the default, and told; null when it holds',
    }),
  },
  { additionalProperties: false },
);
const Rules = Type.Array(Rule, { maxItems: 200 });
const Shown = Type.Object({ rules: Rules });

/** `/v1/authentication`: what each role must show to come in. */
export function createSignInRulesRoutes({ signInRules }: Pick<PeopleServices, 'signInRules'>): RoutePlugin {
  const shown = async (): Promise<Static<typeof Shown>> => ({ rules: (await signInRules.read()).map(shownRule) });
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['authentication'];

    app.get(
      '/v1/authentication',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'What each role must show to come in', tags, response: { 200: Shown } },
      },
      shown,
    );

    app.post(
      '/v1/authentication/preview',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary: 'Whom other rules would ask for more; changes nothing',
          tags,
          body: Type.Object({ rules: Rules }, { additionalProperties: false }),
          response: {
            200: Type.Object({
              unmet: Type.Array(
                Type.Object({
                  id: Type.String(),
                  name: Type.String(),
                  roles: Type.Array(Type.String()),
                  has: Type.Array(Type.String()),
                }),
                { description: 'They are asked to add what is missing when they next sign in' },
              ),
              weaker_sessions: Type.Integer({ description: 'Open sessions that began with less' }),
              locks_out: Type.Boolean({ description: 'No administrator has what is asked for: it will be refused' }),
            }),
          },
        },
      },
      async (request) => {
        const { unmet, weakerSessions, isLockingOut } = await signInRules.preview(request.body.rules.map(readRule));
        return {
          unmet: unmet.map(({ id, name, roles, has }) => ({ id, name, roles: [...roles], has: [...has] })),
          weaker_sessions: weakerSessions,
          locks_out: isLockingOut,
        };
      },
    );

    app.put(
      '/v1/authentication',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Change what roles must show; roles that are not named keep what they have',
          tags,
          body: Type.Object(
            { rules: Rules, end_sessions: Type.Optional(Type.Boolean()) },
            { additionalProperties: false },
          ),
          response: { 200: Type.Interface([Shown], { ended_sessions: Type.Integer() }) },
        },
      },
      async (request) => {
        const { rules, end_sessions: endSessions = false } = request.body;
        const by = request.principal;
        const { endedSessions } = await signInRules.change({ rules: rules.map(readRule), endSessions, by });
        return { ...(await shown()), ended_sessions: endedSessions };
      },
    );
  };
}

function readRule(rule: Static<typeof Rule>): RoleRequirement {
  const atMs = rule.enforced_from === null ? undefined : Date.parse(rule.enforced_from);
  if (Number.isNaN(atMs))
    throw new IdentityError('sign_in_rules_invalid', 'Cannot read the day it begins: must be a date and time');
  return {
    role: rule.role,
    leastAssurance: rule.least_assurance,
    factors: countedFactors.filter((factor) => rule.factors.includes(factor)),
    provesWithPasskey: rule.proves_with_passkey,
    ...(atMs === undefined ? {} : { enforcedFromMs: atMs }),
  };
}

function shownRule({
  role,
  leastAssurance,
  factors,
  provesWithPasskey,
  enforcedFromMs,
}: RoleRequirement): Static<typeof Rule> {
  return {
    role,
    least_assurance: leastAssurance,
    factors: [...factors],
    proves_with_passkey: provesWithPasskey,
    enforced_from: enforcedFromMs === undefined ? null : isoTime(enforcedFromMs),
  };
}
