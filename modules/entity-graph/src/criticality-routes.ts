import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Criticality } from './criticality.ts';
import { assetKinds, criticalityLevels } from './criticality-store.ts';
import type { AssetKind } from './criticality-store.ts';

const Level = Type.Enum(criticalityLevels);
const SetBy = Type.Union([Type.Object({ id: Type.String(), name: Type.String() }), Type.Null()], {
  description: 'null where nobody set it',
});
const Asset = Type.Object({
  kind: Type.Enum(assetKinds),
  name: Type.String({ description: 'Of a camera or device its id' }),
  level: Level,
  reason: Type.String({ description: 'What it rests on; empty for what is ordinary' }),
  set_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  set_by: SetBy,
});
const Which = Type.Object({
  kind: Type.Enum(assetKinds),
  name: Type.String({ minLength: 1, maxLength: 512, description: 'In any case' }),
});

/** `/v1/criticality`: how much assets matter. */
export function createCriticalityRoutes(criticality: Criticality): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['criticality'];

    app.get(
      '/v1/criticality',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'Assets whose criticality somebody set, the most critical first; all others have their default',
          tags,
          querystring: Type.Object(
            {
              limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200 }),
              offset: Type.Integer({ minimum: 0, maximum: 10_000, default: 0 }),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ assets: Type.Array(Asset), total: Type.Integer() }) },
        },
      },
      async ({ query }) => {
        const all = criticality.list();
        const page = all.slice(query.offset, query.offset + query.limit);
        return { assets: page.map(({ kind, name }) => shown(criticality, kind, name)), total: all.length };
      },
    );

    app.get(
      '/v1/criticality/:kind/:name',
      {
        config: { scope: 'alerts:read' },
        schema: { summary: 'How much one asset matters, and why', tags, params: Which, response: { 200: Asset } },
      },
      async ({ params }) => shown(criticality, params.kind, params.name),
    );

    app.put(
      '/v1/criticality/:kind/:name',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary:
            'Say how much an asset matters; priorities of open alerts follow. Making it matter less needs a fresh proof',
          tags,
          params: Which,
          body: Type.Object(
            { level: Level, reason: Type.String({ minLength: 3, maxLength: 500 }) },
            { additionalProperties: false },
          ),
          response: { 200: Asset },
        },
      },
      async (request) => {
        const { kind, name } = request.params;
        const { level, reason } = request.body;
        if (criticality.isLowering(kind, name, level)) await request.requireFreshProof();
        await criticality.set({ kind, name, level, reason, actor: request.principal });
        return shown(criticality, kind, name);
      },
    );

    app.delete(
      '/v1/criticality/:kind/:name',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary: 'Back to the default; making it matter less needs a fresh proof',
          tags,
          params: Which,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { kind, name } = request.params;
        if (criticality.isLowering(kind, name, 'default')) await request.requireFreshProof();
        await criticality.clear({ kind, name, actor: request.principal });
        return reply.code(204).send(null);
      },
    );
  };
}

function shown(criticality: Criticality, kind: AssetKind, name: string) {
  const { level, reason, set } = criticality.of(kind, name);
  return {
    kind,
    name: set?.name ?? name,
    level,
    reason,
    set_at: set === undefined ? null : new Date(set.setAtMs).toISOString(),
    set_by: set === undefined ? null : { ...set.setBy },
  };
}
