import { Readable } from 'node:stream';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { fitsFilter } from './pack-difference.ts';
import { packLimits } from './pack-manifest.ts';
import {
  DifferencePage,
  Key,
  Level,
  Pack,
  RuleDifferenceAnswer,
  shownDifference,
  shownKey,
  shownPack,
  shownRuleDifference,
  Status,
} from './pack-schema.ts';
import type { RulePacks } from './rule-packs.ts';

const tags = ['rules'];
const closed = { additionalProperties: false } as const;
const name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' });
const version = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$' });
const rule = Type.String({ minLength: 1, maxLength: 256 });
const OfPack = Type.Object({ name }, closed);
const OfVersion = Type.Object({ name, version }, closed);
const reading = { scope: 'alerts:read' } as const;
const managing = { scope: 'rules:manage' } as const;
/** The media type of a rule pack; `application/octet-stream` does as well. */
const packMediaType = 'application/vnd.sallyport.rule-pack';

/** `/v1/rules/packs` and `/v1/rules/pack-keys`: releases of rules by others, and who may sign them. */
export function createRulePackRoutes(packs: RulePacks): readonly RoutePlugin[] {
  return [uploadRoute(packs), packRoutes(packs), differenceRoutes(packs), keyRoutes(packs)];
}

/** Alone, because it takes its body as it comes. */
function uploadRoute(packs: RulePacks): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser([packMediaType, 'application/octet-stream'], (_request, payload, done) =>
      done(null, payload),
    );
    app.post(
      '/v1/rules/packs',
      {
        config: { ...managing, bodyLimitBytes: packLimits.packBytes },
        bodyLimit: packLimits.packBytes,
        schema: {
          summary: 'Import a signed rule pack; nothing of it is in force until somebody says so',
          description: 'Its rules are read behind the reply: `GET /v1/rules/packs/NAME` tells how far that is.',
          tags,
          consumes: [packMediaType, 'application/octet-stream'],
          response: { 202: Type.Object({ name: Type.String(), version: Type.String() }) },
        },
      },
      async (request, reply) => {
        const gone = new AbortController();
        const abort = (): void => gone.abort();
        reply.raw.on('close', abort);
        try {
          const body: unknown = request.body;
          const stream = body instanceof Readable ? body : Readable.from([]);
          const taken = await packs.take(stream, { actor: request.principal, signal: gone.signal });
          return await reply.code(202).send({ ...taken });
        } finally {
          reply.raw.off('close', abort);
        }
      },
    );
  };
}

function packRoutes(packs: RulePacks): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/rules/packs',
      {
        config: reading,
        schema: { summary: 'List rule packs', tags, response: { 200: Type.Object({ packs: Type.Array(Pack) }) } },
      },
      async () => ({ packs: (await packs.list()).map(shownPack) }),
    );
    app.get(
      '/v1/rules/packs/:name',
      { config: reading, schema: { summary: 'One rule pack', tags, params: OfPack, response: { 200: Pack } } },
      async (request) => shownPack(await packs.get(request.params.name)),
    );
    app.post(
      '/v1/rules/packs/:name/activate',
      {
        config: managing,
        schema: {
          summary: 'Put a version of a pack into force; the rules before match until it is loaded',
          tags,
          params: OfPack,
          body: Type.Object(
            {
              version,
              older: Type.Optional(
                Type.Boolean({ description: 'It may have been made before the one in force (default false)' }),
              ),
            },
            closed,
          ),
          response: { 200: Pack },
        },
      },
      async ({ params, body, principal }) =>
        shownPack(
          await packs.activate({
            name: params.name,
            version: body.version,
            older: body.older ?? false,
            actor: principal,
          }),
        ),
    );
    app.post(
      '/v1/rules/packs/:name/rollback',
      {
        config: managing,
        schema: {
          summary: 'Go back to the version that was in force before',
          tags,
          params: OfPack,
          response: { 200: Pack },
        },
      },
      async ({ params, principal }) => shownPack(await packs.rollback({ name: params.name, actor: principal })),
    );
    app.delete(
      '/v1/rules/packs/:name',
      {
        config: managing,
        schema: {
          summary: 'Take a pack out of force and forget it, its policy and switched-off rules included',
          tags,
          params: OfPack,
          response: { 204: Type.Null() },
        },
      },
      async ({ params, principal }, reply) => {
        await packs.remove({ name: params.name, actor: principal });
        return reply.code(204).send(null);
      },
    );
    app.put(
      '/v1/rules/packs/:name/policy',
      {
        config: managing,
        schema: {
          summary: 'Say which rules of a pack are let in, in this and every later release',
          tags,
          params: OfPack,
          body: Type.Object(
            { minimum_level: Level, minimum_status: Status },
            {
              ...closed,
              description: 'Statuses from most to least trusted: stable, test, experimental, deprecated, unsupported',
            },
          ),
          response: { 200: Pack },
        },
      },
      async ({ params, body, principal }) =>
        shownPack(
          await packs.setPolicy({
            name: params.name,
            policy: { minimumLevel: body.minimum_level, minimumStatus: body.minimum_status },
            actor: principal,
          }),
        ),
    );
    const OfRule = Type.Object({ name, rule }, closed);
    app.put(
      '/v1/rules/packs/:name/off/:rule',
      {
        config: managing,
        schema: {
          summary: 'Switch a rule of a pack off, in this and every later release',
          tags,
          params: OfRule,
          body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 1000 }) }, closed),
          response: { 200: Pack },
        },
      },
      async ({ params, body, principal }) =>
        shownPack(
          await packs.switchOff({
            name: params.name,
            ruleId: params.rule,
            reason: body.reason,
            actor: principal,
          }),
        ),
    );
    app.delete(
      '/v1/rules/packs/:name/off/:rule',
      {
        config: managing,
        schema: { summary: 'Switch a rule of a pack on again', tags, params: OfRule, response: { 200: Pack } },
      },
      async ({ params, principal }) =>
        shownPack(await packs.switchOn({ name: params.name, ruleId: params.rule, actor: principal })),
    );
    app.delete(
      '/v1/rules/packs/:name/versions/:version',
      {
        config: managing,
        schema: { summary: 'Forget a version that is not in force', tags, params: OfVersion, response: { 200: Pack } },
      },
      async ({ params, principal }) => shownPack(await packs.discard({ ...params, actor: principal })),
    );
  };
}

function differenceRoutes(packs: RulePacks): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/rules/packs/:name/versions/:version/diff',
      {
        config: reading,
        schema: {
          summary: 'What would change with a version, beside the one in force',
          tags,
          params: OfVersion,
          querystring: Type.Object(
            {
              change: Type.Optional(Type.Enum(['added', 'removed', 'changed'])),
              level: Type.Optional(Level),
              detection_only: Type.Optional(
                Type.Boolean({ description: 'Without rules of which only words around the detection changed' }),
              ),
              q: Type.Optional(Type.String({ maxLength: 200, description: 'Part of title, id or file' })),
              offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
            },
            closed,
          ),
          response: { 200: DifferencePage },
        },
      },
      async ({ params, query }) => {
        const found = await packs.difference(params.name, params.version);
        const { change, level, detection_only: detectionOnly, q: text, offset = 0, limit = 100 } = query;
        const fitting = found.changes.filter((one) => fitsFilter(one, { change, level, detectionOnly, text }));
        return shownDifference(found, { fitting, offset, limit });
      },
    );
    app.get(
      '/v1/rules/packs/:name/versions/:version/diff/:rule',
      {
        config: reading,
        schema: {
          summary: 'A rule of a version line by line, beside the one in force',
          tags,
          params: Type.Object({ name, version, rule }, closed),
          response: { 200: RuleDifferenceAnswer },
        },
      },
      async ({ params }) => shownRuleDifference(await packs.ruleDifference(params.name, params.version, params.rule)),
    );
    app.post(
      '/v1/rules/packs/:name/versions/:version/try',
      {
        config: { scope: 'hunts:run' },
        schema: {
          summary: 'Look for the new and changed rules of a version in what is kept: what they would have found',
          description: 'The hunts are those of `GET /v1/hunts/ID`; nothing is put into force.',
          tags,
          params: OfVersion,
          body: Type.Object({ days: Type.Integer({ minimum: 1, maximum: 365 }) }, closed),
          response: { 202: Type.Object({ hunts: Type.Array(Type.String()), rules: Type.Integer() }) },
        },
      },
      async ({ params, body, principal }, reply) => {
        const { hunts, rules } = await packs.tryOnHistory({ ...params, days: body.days, actor: principal });
        return reply.code(202).send({ hunts: [...hunts], rules });
      },
    );
  };
}

function keyRoutes({ keys }: RulePacks): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/rules/pack-keys',
      {
        config: reading,
        schema: {
          summary: 'List the keys whose rule packs are taken',
          tags,
          response: { 200: Type.Object({ keys: Type.Array(Key) }) },
        },
      },
      async () => ({ keys: (await keys.list()).map(shownKey) }),
    );
    app.post(
      '/v1/rules/pack-keys',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Trust a key: packs it signed can be imported',
          tags,
          body: Type.Object(
            {
              key: Type.String({ minLength: 1, maxLength: 4096, description: 'name+id+base64 (c2sp.org/signed-note)' }),
              note: Type.String({ minLength: 1, maxLength: 500, description: 'Whose it is, and how you know' }),
            },
            closed,
          ),
          response: { 201: Key },
        },
      },
      async ({ body, principal }, reply) =>
        reply.code(201).send(shownKey(await keys.add({ ...body, actor: principal }))),
    );
    app.delete(
      '/v1/rules/pack-keys/:id',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Trust a key no longer; refused while what it signed is in force',
          tags,
          params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }, closed),
          response: { 204: Type.Null() },
        },
      },
      async ({ params, principal }, reply) => {
        await keys.remove({ id: params.id, actor: principal });
        return reply.code(204).send(null);
      },
    );
  };
}
