import type { Clock } from '@sallyport/platform/clock';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { isWide } from './suppressions.ts';
import type { Suppression, Suppressions } from './suppressions.ts';

const Shown = Type.Object({
  id: Type.String(),
  rule_id: Type.String(),
  host: Type.Union([Type.String(), Type.Null()], { description: 'Null: every host' }),
  user: Type.Union([Type.String(), Type.Null()], { description: 'Null: every user' }),
  field: Type.Union([Type.Object({ name: Type.String(), value: Type.String() }), Type.Null()], {
    description: 'Only where this field made the rule match, with this value',
  }),
  reason: Type.String(),
  until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description: 'Null: until it is removed' }),
  created_at: Type.String({ format: 'date-time' }),
  created_by: Type.Object({ id: Type.String(), name: Type.String() }),
  hits: Type.Integer({ description: 'Findings it held back' }),
  last_hit_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
});

/** `/v1/suppressions`: findings nobody is to be alerted of. */
export function createSuppressionRoutes(suppressions: Suppressions, needs: { readonly clock: Clock }): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['alerts'];

    app.get(
      '/v1/suppressions',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'List suppressions, newest first, those that are over included',
          tags,
          response: { 200: Type.Object({ suppressions: Type.Array(Shown) }) },
        },
      },
      async () => ({ suppressions: (await suppressions.list()).map(shown) }),
    );

    app.post(
      '/v1/suppressions',
      {
        config: { scope: 'alerts:write' },
        schema: {
          summary:
            'Stop alerting of what a rule finds, under conditions or for a time; findings stay in the ledger. Who does not maintain rules: for a day at most. Without a condition and an end within 30 days: administrators, with a fresh proof',
          tags,
          body: Type.Object(
            {
              rule_id: Type.String({ minLength: 1, maxLength: 256 }),
              reason: Type.String({ minLength: 1, maxLength: 2000 }),
              until: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })),
              host: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
              user: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
              field: Type.Optional(
                Type.Object(
                  {
                    name: Type.String({ minLength: 1, maxLength: 256 }),
                    value: Type.String({ maxLength: 512 }),
                  },
                  { additionalProperties: false, description: 'As in `matched` of an alert' },
                ),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 201: Shown },
        },
      },
      async (request, reply) => {
        const { rule_id: ruleId, reason, until, host, user, field } = request.body;
        const wanted = {
          ruleId,
          reason,
          ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
          ...(host === undefined ? {} : { host }),
          ...(user === undefined ? {} : { user }),
          ...(field === undefined ? {} : { field }),
        };
        const isAllowed = request.principal.scopes.includes('settings:manage');
        if (isAllowed && isWide(wanted, needs.clock.nowMs())) await request.requireFreshProof();
        const made = await suppressions.create({ ...wanted, actor: request.principal });
        return reply.code(201).send(shown(made));
      },
    );

    app.delete(
      '/v1/suppressions/:id',
      {
        config: { scope: 'alerts:write' },
        schema: {
          summary: 'Remove a suppression; alerts it held back stay as they are',
          tags,
          params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{24}$' }) }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await suppressions.remove({ id: request.params.id, actor: request.principal });
        return reply.code(204).send(null);
      },
    );
  };
}

function shown(suppression: Suppression) {
  const { id, ruleId, host, user, field, reason, untilMs, createdAtMs, createdBy, hits, lastHitAtMs } = suppression;
  return {
    id,
    rule_id: ruleId,
    host: host ?? null,
    user: user ?? null,
    field: field === undefined ? null : { ...field },
    reason,
    until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
    created_at: new Date(createdAtMs).toISOString(),
    created_by: { ...createdBy },
    hits,
    last_hit_at: lastHitAtMs === undefined ? null : new Date(lastHitAtMs).toISOString(),
  };
}
