import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { DestructionRoutesNeeds } from './destruction-routes.ts';
import { HoldShape, IntentShape } from './destruction-shapes.ts';

const tags = ['vault'];
const closed = { additionalProperties: false };
const Id = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Params = Type.Object({ id: Id });
const Reason = Type.String({ minLength: 1, maxLength: 500, description: 'Kept in the vault and the audit trail' });

/** `/v1/vault/holds`: what must stay. */
export function createHoldRoutes(needs: DestructionRoutesNeeds): RoutePlugin {
  const { calls } = needs;
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/vault/holds',
      {
        config: { scope: 'vault:read' },
        schema: { summary: 'Legal holds', tags, response: { 200: Type.Object({ items: Type.Array(HoldShape) }) } },
      },
      async () => ({ items: (await calls.overview()).holds }),
    );
    app.post(
      '/v1/vault/holds',
      {
        config: { scope: 'vault:manage' },
        schema: {
          summary: 'Place a legal hold, at once: keys named, or classes and days, keys made later included',
          tags,
          body: Type.Object(
            {
              name: Type.String({ minLength: 1, maxLength: 200 }),
              reason: Reason,
              keyIds: Type.Optional(Type.Array(Id, { maxItems: 10_000, uniqueItems: true })),
              selector: Type.Optional(
                Type.Object(
                  {
                    classes: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), {
                      minItems: 1,
                      maxItems: 100,
                    }),
                    fromDay: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
                    toDay: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
                  },
                  closed,
                ),
              ),
            },
            closed,
          ),
          response: { 201: HoldShape },
        },
      },
      async ({ body, principal }, reply) => reply.code(201).send(await calls.hold(body, principal.id)),
    );
    app.post(
      '/v1/vault/holds/:id/release',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Propose to release a hold; two people sign it like a destruction, without a waiting time',
          tags,
          params: Params,
          body: Type.Object({ reason: Reason }, closed),
          response: { 201: IntentShape },
        },
      },
      async ({ body, params, principal }, reply) => {
        const intent = await calls.propose({ kind: 'release', holdId: params.id, reason: body.reason }, principal.id);
        return reply.code(201).send(intent);
      },
    );
    app.post(
      '/v1/vault/holds/release',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Propose to release several holds at once; two people sign the list',
          tags,
          body: Type.Object(
            { ids: Type.Array(Id, { minItems: 1, maxItems: 500, uniqueItems: true }), reason: Reason },
            closed,
          ),
          response: { 201: IntentShape },
        },
      },
      async ({ body, principal }, reply) => {
        const { ids: holdIds, reason } = body;
        const [only = '', ...others] = holdIds;
        const what = others.length === 0 ? { holdId: only } : { holdIds };
        return reply.code(201).send(await calls.propose({ kind: 'release', ...what, reason }, principal.id));
      },
    );
  };
}
