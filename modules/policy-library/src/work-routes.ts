import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { ImpactBody, shownProspect, versionNumber } from './policy-schema.ts';
import type { PolicyLibrary, ReplayAbout } from './policy-library.ts';
import type { Prospect } from './version-prospect.ts';
import { replayLimits } from './replay.ts';
import type { Replayed } from './replay.ts';
import type { Work } from './works.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });
const version = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
const params = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{24}$' }) });
const workFields = {
  id: text,
  started: time,
  state: Type.String({ description: '`running`, `done`, `cancelled` or `failed`' }),
  done: Type.Number({ description: '0 to 1' }),
  left_seconds: Type.Optional(Type.Integer({ description: 'About; absent where nobody can tell yet' })),
  problem: Type.Optional(Type.Object({ code: text, message: text })),
};
const ImpactWork = Type.Object({ ...workFields, version, impact: Type.Optional(ImpactBody) });
const ReplayedBody = Type.Object({
  records: Type.Integer(),
  requests: Type.Integer({ description: 'That the records stand for' }),
  untold: Type.Integer({ description: 'Requests whose question is not in their record' }),
  from: Type.Optional(time),
  until: Type.Optional(time),
  different: Type.Integer({ description: 'Requests that would be answered otherwise' }),
  differences: Type.Array(
    Type.Object({
      who: Type.Object({ kind: text, id: text, name: text }),
      action: text,
      route: text,
      resource: Type.Optional(Type.Any()),
      was: text,
      would: text,
      also_now: Type.Boolean({ description: 'What is in force now would answer so, too' }),
      reason: text,
      policies: Type.Array(text),
      requests: Type.Integer(),
      first: time,
      last: time,
      position: Type.String({ description: 'Of the newest record' }),
    }),
  ),
  partly: Type.Boolean({ description: 'There are more than are shown' }),
});
const ReplayWork = Type.Object({
  ...workFields,
  version: Type.Optional(versionNumber),
  last: Type.Integer(),
  replay: Type.Optional(ReplayedBody),
});

const iso = (ms: number): string => new Date(ms).toISOString();

/** What takes a while is begun, asked after, and called off. Each is its starter's alone. */
export function addWorkRoutes(fastify: Parameters<RoutePlugin>[0], library: PolicyLibrary): void {
  const app = typedApp(fastify);
  const tags = ['policy'];

  app.post(
    '/v1/policy/impacts',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: 'Begin to ask what a version would change; told by GET with its progress, forgotten after an hour',
        tags,
        body: Type.Object({ version }, { additionalProperties: false }),
        response: { 202: ImpactWork },
      },
    },
    async ({ body, principal }, reply) =>
      reply.status(202).send(shownImpact(await library.startImpact(body.version, principal))),
  );
  app.get(
    '/v1/policy/impacts/:id',
    {
      config: { scope: 'settings:read' },
      schema: { summary: 'How far it is, and what it found', tags, params, response: { 200: ImpactWork } },
    },
    async ({ params: { id }, principal }) => shownImpact(library.impacts.get(id, principal)),
  );
  app.post(
    '/v1/policy/impacts/:id/cancel',
    {
      config: { scope: 'settings:read' },
      schema: { summary: 'Call it off', tags, params, response: { 200: ImpactWork } },
    },
    async ({ params: { id }, principal }) => shownImpact(library.impacts.cancel(id, principal)),
  );

  app.post(
    '/v1/policy/replays',
    {
      config: { scope: 'audit:read' },
      schema: {
        summary:
          'Begin to ask the recorded decisions again, with their facts, of a version or of the documents as they are: which would be different',
        tags,
        body: Type.Object(
          {
            version: Type.Optional(versionNumber),
            last: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: replayLimits.records,
                description: `How many records; ${replayLimits.records} by default`,
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 202: ReplayWork },
      },
    },
    async ({ body: { version: number, last = replayLimits.records }, principal }, reply) => {
      const about = { last, ...(number === undefined ? {} : { version: number }) };
      return reply.status(202).send(shownReplay(await library.startReplay(about, principal)));
    },
  );
  app.get(
    '/v1/policy/replays',
    {
      config: { scope: 'audit:read' },
      schema: {
        summary: 'Replays you began in the last hour, newest first, without what they found',
        tags,
        response: { 200: Type.Object({ replays: Type.Array(ReplayWork) }) },
      },
    },
    async ({ principal }) => ({
      replays: library.replays.list(principal).map((work) => shownReplay({ ...work, result: undefined })),
    }),
  );
  app.get(
    '/v1/policy/replays/:id',
    {
      config: { scope: 'audit:read' },
      schema: { summary: 'How far it is, and what it found', tags, params, response: { 200: ReplayWork } },
    },
    async ({ params: { id }, principal }) => shownReplay(library.replays.get(id, principal)),
  );
  app.post(
    '/v1/policy/replays/:id/cancel',
    {
      config: { scope: 'audit:read' },
      schema: { summary: 'Call it off', tags, params, response: { 200: ReplayWork } },
    },
    async ({ params: { id }, principal }) => shownReplay(library.replays.cancel(id, principal)),
  );
}

function shownWork({ id, startedMs, state, done, leftSeconds, problem }: Work<unknown, unknown>) {
  return {
    id,
    started: iso(startedMs),
    state,
    done,
    ...(leftSeconds === undefined ? {} : { left_seconds: leftSeconds }),
    ...(problem === undefined ? {} : { problem: { ...problem } }),
  };
}

function shownImpact(work: Work<{ readonly version: number }, Prospect>) {
  const { about, result } = work;
  return {
    ...shownWork(work),
    version: about.version,
    ...(result === undefined ? {} : { impact: shownProspect(result) }),
  };
}

function shownReplay(work: Work<ReplayAbout, Replayed>) {
  const { about, result } = work;
  return {
    ...shownWork(work),
    last: about.last,
    ...(about.version === undefined ? {} : { version: about.version }),
    ...(result === undefined ? {} : { replay: shownReplayed(result) }),
  };
}

function shownReplayed({ fromMs, untilMs, differences, ...rest }: Replayed) {
  return {
    ...rest,
    ...(fromMs === undefined ? {} : { from: iso(fromMs) }),
    ...(untilMs === undefined ? {} : { until: iso(untilMs) }),
    differences: differences.map(({ alsoNow, firstMs, lastMs, who, policies, ...one }) => ({
      ...one,
      who: { ...who },
      policies: [...policies],
      also_now: alsoNow,
      first: iso(firstMs),
      last: iso(lastMs),
    })),
  };
}
