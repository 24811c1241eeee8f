import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { DocumentBody, TriedBody, shownDocument, shownTried } from './document-schema.ts';
import { documentLimits as limits } from './document.ts';
import { readTests } from './rule-tests.ts';
import type { RuleDocuments } from './rule-documents.ts';

const id = Type.String({ pattern: '^[0-9a-f]{24}$' });
const version = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
const draft = {
  text: Type.String({ maxLength: limits.textBytes, description: 'Sigma, one or more YAML documents' }),
  tests: Type.Optional(
    Type.Array(Type.Any(), {
      maxItems: limits.tests,
      description:
        'Each `{name, expect: "match" | "no_match", event}`; `events: [{after_seconds, event}]` for a correlation; `rule` names the one that is meant, `origin` the event it was made from',
    }),
  ),
  name: Type.Optional(Type.String({ maxLength: limits.name, description: 'The title of its first rule otherwise' })),
  note: Type.Optional(
    Type.String({ maxLength: limits.note, description: 'What was changed, for those who come later' }),
  ),
};
const Saved = Type.Object({ document: DocumentBody, check: TriedBody });
const bodyLimitBytes = 2 * 1024 * 1024;

export function addDocumentChangeRoutes(fastify: Parameters<RoutePlugin>[0], documents: RuleDocuments): void {
  const app = typedApp(fastify);
  const tags = ['rules'];
  const draftOf = (body: { text: string; tests?: unknown[]; name?: string; note?: string }) => ({
    text: body.text,
    cases: readTests(body.tests ?? []),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.note === undefined ? {} : { note: body.note }),
  });

  app.post(
    '/v1/rules/documents',
    {
      config: { scope: 'rules:write', bodyLimitBytes },
      schema: {
        summary: 'Keep a rule document as a draft, whatever may be wrong with it yet',
        tags,
        body: Type.Object(draft, { additionalProperties: false }),
        response: { 201: Saved },
      },
    },
    async ({ body, principal }, reply) => {
      const { document, ...tried } = await documents.create(draftOf(body), principal);
      return reply.status(201).send({ document: shownDocument(document), check: shownTried(tried) });
    },
  );

  app.post(
    '/v1/rules/documents/:id/versions',
    {
      config: { scope: 'rules:write', bodyLimitBytes },
      schema: {
        summary: 'Save another version on top of `expected`; what is staged or in force stays as it is',
        tags,
        params: Type.Object({ id }),
        body: Type.Object({ ...draft, expected: version }, { additionalProperties: false }),
        response: { 201: Saved },
      },
    },
    async ({ params, body, principal }, reply) => {
      const { document, ...tried } = await documents.save(params.id, draftOf(body), body.expected, principal);
      return reply.status(201).send({ document: shownDocument(document), check: shownTried(tried) });
    },
  );

  const step = (
    path: string,
    scope: string,
    summary: string,
    run: (
      id: string,
      version: number,
      principal: Parameters<RuleDocuments['stage']>[2],
    ) => ReturnType<RuleDocuments['stage']>,
  ): void => {
    app.post(
      `/v1/rules/documents/:id/${path}`,
      {
        config: { scope },
        schema: {
          summary,
          tags,
          params: Type.Object({ id }),
          body: Type.Object({ version }, { additionalProperties: false }),
          response: { 200: DocumentBody },
        },
      },
      async ({ params, body, principal }, reply) =>
        reply.send(shownDocument(await run(params.id, body.version, principal))),
    );
  };
  step(
    'stage',
    'rules:write',
    'Match its newest version on the stream, without findings: every rule must be honoured and every test hold',
    documents.stage,
  );
  step('activate', 'rules:manage', 'Put the version in staging into force, without a gap', documents.activate);

  app.post(
    '/v1/rules/documents/:id/unstage',
    {
      config: { scope: 'rules:write' },
      schema: {
        summary: 'Take it out of staging; what it matched there is forgotten',
        tags,
        params: Type.Object({ id }),
        response: { 200: DocumentBody },
      },
    },
    async ({ params, principal }, reply) => reply.send(shownDocument(await documents.unstage(params.id, principal))),
  );

  app.post(
    '/v1/rules/documents/:id/retire',
    {
      config: { scope: 'rules:manage' },
      schema: {
        summary: 'Take it out of force and of staging; its versions stay',
        tags,
        params: Type.Object({ id }),
        response: { 200: DocumentBody },
      },
    },
    async ({ params, principal }, reply) => reply.send(shownDocument(await documents.retire(params.id, principal))),
  );

  app.delete(
    '/v1/rules/documents/:id',
    {
      config: { scope: 'rules:manage' },
      schema: {
        summary: 'Delete a document that is neither staged nor in force, with all its versions',
        tags,
        params: Type.Object({ id }),
        response: { 204: Type.Null() },
      },
    },
    async ({ params, principal }, reply) => {
      await documents.remove(params.id, principal);
      return reply.status(204).send(null);
    },
  );
}
