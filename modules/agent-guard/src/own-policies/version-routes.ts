import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { DifferenceBody, shownDifference } from '@sallyport/policy-library';
import type { Work } from '@sallyport/policy-library';
import { Type, type Static } from 'typebox';
import { draftOf } from './document-routes.ts';
import type { OwnPolicies, ReplayAbout } from './own-policies.ts';
import { DraftBody, ScopeBody } from './own-schema.ts';
import {
  agreedBody,
  damage,
  documentId,
  noteBody,
  ShownProspect,
  ShownReplayed,
  ShownVersion,
  shownDamage,
  shownProspect,
  shownReplayed,
  shownScope,
  shownTest,
  shownVersion,
  versionNumber,
  WholeVersion,
} from './own-shown.ts';
import { ownReplayLimits } from './past-run.ts';
import type { ReplayedOwn } from './replay-own.ts';

const closed = { additionalProperties: false } as const;
const params = Type.Object({ version: versionNumber });
const work = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{24}$' }) });
const tags = ['agents'];
const versionOrNone = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });

const ReplayWork = Type.Object({
  id: Type.String(),
  version: Type.Optional(Type.Integer()),
  last: Type.Integer(),
  started_ms: Type.Integer(),
  state: Type.Enum(['running', 'done', 'cancelled', 'failed']),
  done: Type.Number({ description: '0 to 1' }),
  left_seconds: Type.Optional(Type.Integer()),
  problem: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  replayed: Type.Optional(ShownReplayed),
});

/** `/v1/agents/policies/versions` and `/replays`: what stands of all documents together, tried on recorded calls, and put into force. */
export function createOwnVersionRoutes(own: OwnPolicies): RoutePlugin {
  const { versions, replays } = own;
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/agents/policies/versions',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'Versions of the policies for agents, newest first',
          tags,
          response: {
            200: Type.Object({
              versions: Type.Array(ShownVersion),
              damaged: Type.Array(Type.Object({ version: Type.Integer(), ...damage }), {
                description: 'Not as they were sealed: good for nothing any more',
              }),
            }),
          },
        },
      },
      async () => {
        const { versions: all, damaged } = await versions.list();
        return { versions: all.map(shownVersion), damaged: damaged.map(shownDamage) };
      },
    );

    app.get(
      '/v1/agents/policies/versions/:version',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'One version with its documents, and what came of trying it on recorded calls',
          tags,
          params,
          response: { 200: WholeVersion },
        },
      },
      async ({ params: { version } }) => {
        const made = await versions.get(version);
        return {
          version: shownVersion(made),
          texts: made.texts.map(({ id, name, scope, text, tests }) => ({
            id,
            name,
            scope: shownScope(scope),
            text,
            tests: tests.map(shownTest),
          })),
          ...(made.replayed === undefined ? {} : { replayed: shownReplayed(made.replayed) }),
        };
      },
    );

    app.get(
      '/v1/agents/policies/differences',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary:
            'What differs between two versions, line by line; 0: no policies, without `from` or `to`: the documents as they are',
          tags,
          querystring: Type.Object({ from: Type.Optional(versionOrNone), to: Type.Optional(versionOrNone) }, closed),
          response: {
            200: Type.Object({
              documents: Type.Array(
                Type.Object({
                  ...DifferenceBody.properties,
                  was: Type.Optional(ScopeBody),
                  is: Type.Optional(ScopeBody),
                }),
              ),
            }),
          },
        },
      },
      async ({ query: { from, to } }) => ({
        documents: (await own.compare(from, to)).map(({ was, is, ...one }) => ({
          ...shownDifference(one),
          ...(was === undefined ? {} : { was: shownScope(was) }),
          ...(is === undefined ? {} : { is: shownScope(is) }),
        })),
      }),
    );

    app.post(
      '/v1/agents/policies/versions',
      {
        config: { scope: 'agents:manage' },
        schema: {
          summary: 'Stage the documents as they are, or those of version `from`, as one version; every test must hold',
          tags,
          body: noteBody,
          response: { 201: Type.Object({ version: ShownVersion }) },
        },
      },
      async ({ body, principal }, reply) =>
        reply.code(201).send({ version: shownVersion(await versions.stage(body, principal)) }),
    );

    app.get(
      '/v1/agents/policies/versions/:version/prospect',
      {
        config: { scope: 'agents:read', background: true },
        schema: {
          summary: 'What a version may let through, and who would have to agree',
          tags,
          params,
          response: { 200: ShownProspect },
        },
      },
      async ({ params: { version }, principal }) => shownProspect(await versions.prospect(version, principal)),
    );

    const step = (name: 'activate' | 'approve', summary: string): void => {
      app.post(
        `/v1/agents/policies/versions/:version/${name}`,
        {
          config: { scope: 'agents:manage', stepUp: true },
          schema: {
            summary,
            tags,
            params,
            body: agreedBody,
            response: { 200: Type.Object({ version: ShownVersion }) },
          },
        },
        async ({ params: { version }, body, principal }) => ({
          version: shownVersion(await versions[name](version, body, principal)),
        }),
      );
    };
    step(
      'activate',
      'Put a version into force at once for all runs; where it may let through what was not, it waits for somebody else',
    );
    step('approve', 'Put a version that waits into force, as somebody who neither wrote nor asked for it');

    app.post(
      '/v1/agents/policies/versions/:version/withdraw',
      {
        config: { scope: 'agents:manage' },
        schema: {
          summary: 'A staged or waiting version never comes into force',
          tags,
          params,
          response: { 200: Type.Object({ version: ShownVersion }) },
        },
      },
      async ({ params: { version }, principal }) => ({
        version: shownVersion(await versions.withdraw(version, principal)),
      }),
    );

    app.post(
      '/v1/agents/policies/replays',
      {
        config: { scope: 'agents:manage', bodyLimitBytes: 1024 * 1024 },
        schema: {
          summary:
            'Begin to try a version, or the documents as they are with `draft` among them, on the calls that were judged last',
          tags,
          body: Type.Object(
            {
              version: Type.Optional(versionNumber),
              draft: Type.Optional(Type.Object({ id: documentId, draft: DraftBody }, closed)),
              last: Type.Optional(
                Type.Integer({
                  minimum: 1,
                  maximum: ownReplayLimits.calls,
                  description: 'How many calls. Default 2000',
                }),
              ),
            },
            closed,
          ),
          response: { 202: ReplayWork },
        },
      },
      async ({ body: { version, draft, last = 2000 }, principal }, reply) => {
        const drafts = draft === undefined ? [] : [{ id: draft.id, ...draftOf(draft.draft) }];
        const about = { last, drafts, ...(version === undefined ? {} : { version }) };
        return reply.code(202).send(shownWork(await own.startReplay(about, principal)));
      },
    );
    app.get(
      '/v1/agents/policies/replays/:id',
      {
        config: { scope: 'agents:manage' },
        schema: { summary: 'How far it is, and what it found', tags, params: work, response: { 200: ReplayWork } },
      },
      async ({ params: { id }, principal }) => shownWork(replays.get(id, principal)),
    );
    app.post(
      '/v1/agents/policies/replays/:id/cancel',
      {
        config: { scope: 'agents:manage' },
        schema: { summary: 'Call it off', tags, params: work, response: { 200: ReplayWork } },
      },
      async ({ params: { id }, principal }) => shownWork(replays.cancel(id, principal)),
    );
  };
}

function shownWork({
  id,
  about,
  startedMs,
  state,
  done,
  leftSeconds,
  problem,
  result,
}: Work<ReplayAbout, ReplayedOwn>): Static<typeof ReplayWork> {
  return {
    id,
    last: about.last,
    started_ms: startedMs,
    state,
    done,
    ...(about.version === undefined ? {} : { version: about.version }),
    ...(leftSeconds === undefined ? {} : { left_seconds: leftSeconds }),
    ...(problem === undefined ? {} : { problem: { ...problem } }),
    ...(result === undefined ? {} : { replayed: shownReplayed(result) }),
  };
}
