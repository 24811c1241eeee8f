import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { About } from './route-schemas.ts';
import type { SubjectHold, SubjectHolds } from './subject-holds.ts';

const tags = ['personal-data'];
const Hold = Type.Object({
  id: Type.String({ description: 'Of the hold in the vault: `/v1/vault/holds`, where it is released' }),
  name: Type.String(),
  reason: Type.String(),
  keys: Type.Integer({ description: 'Keys of the vault it keeps: the person’s pages, and days where asked for' }),
  placed_at: Type.String({ format: 'date-time' }),
  placed_by: Type.String(),
  about: Type.Union([About, Type.Null()], { description: 'Null to whoever may not manage personal data' }),
});

/** `/v1/personal-data/holds`: legal holds on one person. */
export function createSubjectHoldRoutes(holds: Pick<SubjectHolds, 'place' | 'list'>): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/personal-data/holds',
      {
        config: { scope: 'personal:read' },
        schema: {
          summary: 'Legal holds on one person each, in force',
          tags,
          response: { 200: Type.Object({ holds: Type.Array(Hold) }) },
        },
      },
      async ({ principal }) => ({
        holds: (await holds.list()).map((one) => describe(one, principal.scopes.includes('personal:manage'))),
      }),
    );
    app.post(
      '/v1/personal-data/holds',
      {
        config: { scope: 'personal:manage', stepUp: true },
        schema: {
          summary: 'Hold what is recorded of a person: nobody erases them until two people release the hold',
          description:
            'It keeps the names readable, not the days they stand on: those go by their policies, unless `days` asks to keep them too, whole and of every class.',
          tags,
          body: Type.Object(
            {
              about: About,
              name: Type.String({ minLength: 1, maxLength: 200, description: 'Of the case, not of the person' }),
              reason: Type.String({
                minLength: 1,
                maxLength: 500,
                description: 'Kept in the vault and the audit trail',
              }),
              days: Type.Optional(
                Type.Boolean({ description: 'Keep the days on which something was recorded of them' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 201: Hold },
        },
      },
      async ({ body, principal }, reply) => {
        const { about, name, reason, days: withDays = false } = body;
        const { kind, id, name: who } = principal;
        const placed = await holds.place({ about, name, reason, withDays, actor: { kind, id, name: who } });
        return reply.code(201).send(describe(placed, true));
      },
    );
  };
}

function describe({ hold, about }: SubjectHold, maySeeNames: boolean): Static<typeof Hold> {
  return {
    id: hold.id,
    name: hold.name,
    reason: hold.reason,
    keys: hold.keyIds.length,
    placed_at: new Date(hold.atMs).toISOString(),
    placed_by: hold.by,
    about: maySeeNames && about !== undefined ? about.map(({ kind, value }) => ({ kind, value })) : null,
  };
}
