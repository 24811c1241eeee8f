import { findingLevels } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { assetKinds } from './asset.ts';
import { cbomVersions } from './cbom-version.ts';
import { AssetBody, assetBody } from './inventory-schema.ts';
import type { CryptoInventory } from './inventory.ts';
import { InventoryPolicy } from './policy.ts';
import { weaknessReasons } from './weakness.ts';

const tags = ['inventory'];
const mediaType = 'application/vnd.cyclonedx+json';

const Page = Type.Object({
  at_ms: Type.Number({ description: 'When the sources were asked' }),
  assets: Type.Array(AssetBody),
  next: Type.Optional(Type.String({ description: '`after` of the next page' })),
  total: Type.Integer({ description: 'Rows of this question, on all pages' }),
  counts: Type.Object(Object.fromEntries(assetKinds.map((kind) => [kind, Type.Integer()])), {
    description: 'Rows of each kind in the whole inventory',
  }),
  weak: Type.Integer({ description: 'Rows of the whole inventory with something wrong' }),
  not_asked: Type.Array(Type.Object({ source: Type.String(), reason: Type.String() }), {
    description: 'Who did not answer: what they hold is missing here',
  }),
});
const Standing = Type.Object({
  asset: Type.String(),
  reason: Type.Enum([...weaknessReasons]),
  stage: Type.Integer({ description: 'Told again when it rises' }),
  level: Type.Enum([...findingLevels]),
  message: Type.String(),
  since_ms: Type.Number(),
});

/** `/v1/inventory/crypto`: what there is of keys, certificates, algorithms, protocols and libraries. No route answers with a key. */
export function createInventoryRoutes(inventory: CryptoInventory, clock: Pick<Clock, 'nowMs'>): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/inventory/crypto',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary:
            'Every key, certificate, protocol, algorithm and library of cryptography in use, and what rests in clear',
          tags,
          querystring: Type.Object(
            {
              kind: Type.Optional(Type.Enum([...assetKinds])),
              weak: Type.Optional(Type.Boolean({ description: 'Only rows with something wrong' })),
              after: Type.Optional(
                Type.String({ minLength: 1, maxLength: 1000, description: '`next` of the page before' }),
              ),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page },
        },
      },
      async ({ query }) => {
        const { kind, weak, after, limit = 100 } = query;
        const [{ atMs, assets, unasked }, policy] = await Promise.all([inventory.look(), inventory.policy()]);
        const all = assets.map((asset) => assetBody(asset, policy, clock.nowMs()));
        const asked = all.filter(
          (body) => (kind === undefined || body.kind === kind) && (weak !== true || body.weaknesses.length > 0),
        );
        const page = asked.filter(({ id }) => after === undefined || id > after).slice(0, limit + 1);
        const last = page.length > limit ? page[limit - 1] : undefined;
        return {
          at_ms: atMs,
          assets: page.slice(0, limit),
          ...(last === undefined ? {} : { next: last.id }),
          total: asked.length,
          counts: Object.fromEntries(assetKinds.map((one) => [one, all.filter((body) => body.kind === one).length])),
          weak: all.filter(({ weaknesses }) => weaknesses.length > 0).length,
          not_asked: [...unasked],
        };
      },
    );
    app.get(
      '/v1/inventory/crypto/cbom',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'The inventory as a CycloneDX bill of cryptographic materials, checked against its schema',
          tags,
          produces: [mediaType],
          querystring: Type.Object(
            { version: Type.Optional(Type.Enum([...cbomVersions], { description: 'Of CycloneDX; default 1.6' })) },
            { additionalProperties: false },
          ),
          response: {
            200: {
              description: 'A CycloneDX document; its `serialNumber` and bytes are those of one gathering',
              content: { [mediaType]: { schema: Type.Unsafe<string>({ type: 'string' }) } },
            },
          },
        },
      },
      async ({ query }, reply) => {
        const version = query.version ?? '1.6';
        const text = await inventory.cbom(version);
        return reply.header('content-type', `${mediaType}; version=${version}`).send(text);
      },
    );
    app.get(
      '/v1/inventory/crypto/weaknesses',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'What was told as weak, late or near its end, and is not over',
          tags,
          response: { 200: Type.Object({ weaknesses: Type.Array(Standing) }) },
        },
      },
      async () => ({
        weaknesses: (await inventory.standing()).map(({ asset, reason, stage, level, message, sinceMs }) => ({
          asset,
          reason,
          stage,
          level,
          message,
          since_ms: sinceMs,
        })),
      }),
    );
    app.get(
      '/v1/inventory/crypto/policy',
      {
        config: { scope: 'vault:read' },
        schema: { summary: 'What counts as weak or late', tags, response: { 200: InventoryPolicy } },
      },
      () => inventory.policy(),
    );
    app.put(
      '/v1/inventory/crypto/policy',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Say what counts as weak or late',
          tags,
          body: InventoryPolicy,
          response: { 200: InventoryPolicy },
        },
      },
      async ({ body, principal }) => {
        await inventory.changePolicy(body, principal);
        // What it changes is told in the background: the answer does not wait for every source.
        void inventory.check().catch(() => undefined);
        return inventory.policy();
      },
    );
  };
}
