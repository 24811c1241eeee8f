import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { PolicyTestBody } from './policy-test.ts';
import {
  DamagedVersionBody,
  ImpactBody,
  VersionBody,
  shownDamage,
  shownProspect,
  shownTexts,
  shownVersion,
  versionNumber,
} from './policy-schema.ts';
import type { PolicyLibrary } from './policy-library.ts';
import { DifferenceBody, shownDifference } from './version-differences.ts';
import type { PolicyVersion } from './policy-version.ts';
import type { Agreed } from './policy-versions.ts';

const version = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

/** Versions of all documents together: staged, looked at, put into force, taken back. */
export function addVersionRoutes(fastify: Parameters<RoutePlugin>[0], library: PolicyLibrary): void {
  const { versions, inForce, compare } = library;
  const app = typedApp(fastify);
  const tags = ['policy'];

  app.get(
    '/v1/policy/versions',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: 'List the versions of the policies, newest first, and which is in force',
        tags,
        response: {
          200: Type.Object({
            in_force: Type.Object({
              version: versionNumber,
              sha256: Type.String(),
              bundled_sha256: Type.String(),
              unreadable: Type.Optional(Type.String()),
            }),
            versions: Type.Array(VersionBody),
            damaged: Type.Array(DamagedVersionBody, {
              description: 'Not as they were sealed: good for nothing any more',
            }),
          }),
        },
      },
    },
    async (_request, reply) => {
      const { version: number, hash, bundledHash, unreadable } = inForce();
      const { versions: all, damaged } = await versions.list();
      return reply.send({
        in_force: {
          version: number,
          sha256: hash,
          bundled_sha256: bundledHash,
          ...(unreadable === undefined ? {} : { unreadable }),
        },
        versions: all.map(shownVersion),
        damaged: damaged.map(shownDamage),
      });
    },
  );

  app.get(
    '/v1/policy/versions/:version',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: 'A version of the policies with all its texts and tests',
        tags,
        params: Type.Object({ version }),
        response: {
          200: Type.Object({
            version: VersionBody,
            texts: Type.Array(
              Type.Object({
                id: Type.String(),
                name: Type.String(),
                text: Type.String(),
                tests: Type.Array(PolicyTestBody),
              }),
            ),
          }),
        },
      },
    },
    async ({ params }, reply) => {
      const found = await versions.get(params.version);
      return reply.send({ version: shownVersion(found), texts: shownTexts(found) });
    },
  );

  app.get(
    '/v1/policy/differences',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: 'What differs between two versions, line by line; without `from` or `to`: the documents as they are',
        tags,
        querystring: Type.Object(
          { from: Type.Optional(versionNumber), to: Type.Optional(versionNumber) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            documents: Type.Array(DifferenceBody),
          }),
        },
      },
    },
    async ({ query: { from, to } }) => ({
      documents: (await compare(from, to)).map(shownDifference),
    }),
  );

  app.post(
    '/v1/policy/versions',
    {
      config: { scope: 'settings:manage' },
      schema: {
        summary:
          'Stage the documents as they are, or those of version `from`: everything must be understood and every test hold',
        tags,
        body: Type.Object(
          {
            note: Type.Optional(Type.String({ maxLength: 1000 })),
            from: Type.Optional(versionNumber),
          },
          { additionalProperties: false },
        ),
        response: { 201: Type.Object({ version: VersionBody }) },
      },
    },
    async ({ body: { note = '', from }, principal }, reply) => {
      const made = await versions.stage({ note, ...(from === undefined ? {} : { from }) }, principal);
      return reply.status(201).send({ version: shownVersion(made) });
    },
  );

  app.get(
    '/v1/policy/versions/:version/impact',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary:
          'Who would gain and lose what if the version came into force now, and whether somebody else must approve it',
        tags,
        params: Type.Object({ version }),
        response: { 200: ImpactBody },
      },
    },
    async ({ params, principal }, reply) =>
      reply.send(shownProspect(await versions.prospect(params.version, principal))),
  );

  const step = (
    path: string,
    summary: string,
    run: (number: number, agreed: Agreed, by: Principal) => Promise<PolicyVersion>,
  ): void => {
    app.post(
      `/v1/policy/versions/:version/${path}`,
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary,
          tags,
          params: Type.Object({ version }),
          body: Type.Object(
            {
              expected: Type.Integer({
                minimum: 0,
                maximum: 1_000_000_000,
                description: 'The version in force; 0: none',
              }),
              sha256: Type.Optional(
                Type.String({
                  pattern: '^[0-9a-f]{64}$',
                  description: 'Of the version, as it was shown: another is refused',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ version: VersionBody }) },
        },
      },
      async ({ params, body, principal }, reply) =>
        reply.send({ version: shownVersion(await run(params.version, body, principal)) }),
    );
  };
  step(
    'activate',
    "Put a version into force at once on every server; where it may be somebody's own gain, it waits for somebody else",
    versions.activate,
  );
  step(
    'approve',
    'Put a version that waits into force, as somebody who neither wrote nor asked for it',
    versions.approve,
  );

  app.post(
    '/v1/policy/versions/:version/withdraw',
    {
      config: { scope: 'settings:manage' },
      schema: {
        summary: 'A staged or waiting version never comes into force',
        tags,
        params: Type.Object({ version }),
        response: { 200: Type.Object({ version: VersionBody }) },
      },
    },
    async ({ params, principal }, reply) =>
      reply.send({ version: shownVersion(await versions.withdraw(params.version, principal)) }),
  );
}
