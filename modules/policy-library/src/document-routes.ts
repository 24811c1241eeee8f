import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { PolicyDocuments } from './policy-documents.ts';
import {
  DamagedDraftBody,
  DocumentBody,
  TriedBody,
  WholeDocumentBody,
  documentId,
  draftBody,
  shownDamage,
  shownDocument,
  shownTried,
} from './policy-schema.ts';

const id = documentId;
const expected = Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'The revision it was read at' });
const bodyLimitBytes = 512 * 1024;

/** Policies as they are being written. Nothing of it is in force. */
export function addDocumentRoutes(fastify: Parameters<RoutePlugin>[0], documents: PolicyDocuments): void {
  const app = typedApp(fastify);
  const tags = ['policy'];

  app.get(
    '/v1/policy/documents',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: "List the organisation's policy documents as they are being written",
        tags,
        response: {
          200: Type.Object({
            documents: Type.Array(DocumentBody),
            damaged: Type.Array(DamagedDraftBody, {
              description: 'Not as they were sealed: saved anew or deleted by their revision, unread',
            }),
          }),
        },
      },
    },
    async (_request, reply) => {
      const { documents: all, damaged } = await documents.list();
      return reply.send({ documents: all.map(shownDocument), damaged: damaged.map(shownDamage) });
    },
  );

  app.get(
    '/v1/policy/documents/:id',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: 'A policy document with its text and tests',
        tags,
        params: Type.Object({ id }),
        response: { 200: WholeDocumentBody },
      },
    },
    async ({ params }, reply) => {
      const found = await documents.get(params.id);
      return reply.send({ document: shownDocument(found), text: found.text, tests: [...found.tests] });
    },
  );

  app.post(
    '/v1/policy/check',
    {
      config: { scope: 'settings:read', bodyLimitBytes, background: true },
      schema: {
        summary: 'What is wrong with a policy text, line by line, and what its tests come to; nothing is kept',
        tags,
        body: Type.Object({ ...draftBody, document: Type.Optional(id) }, { additionalProperties: false }),
        response: { 200: TriedBody },
      },
    },
    async ({ body: { name, text, tests = [], document } }, reply) =>
      reply.send(shownTried(await documents.attempt({ name, text, tests }, document))),
  );

  app.post(
    '/v1/policy/documents',
    {
      config: { scope: 'settings:manage', bodyLimitBytes },
      schema: {
        summary: 'Keep a policy document, whatever may be wrong with it yet',
        tags,
        body: Type.Object({ id, ...draftBody }, { additionalProperties: false }),
        response: { 201: Type.Object({ document: DocumentBody }) },
      },
    },
    async ({ body: { id: made, name, text, tests = [] }, principal }, reply) =>
      reply
        .status(201)
        .send({ document: shownDocument(await documents.create(made, { name, text, tests }, principal)) }),
  );

  app.put(
    '/v1/policy/documents/:id',
    {
      config: { scope: 'settings:manage', bodyLimitBytes },
      schema: {
        summary: 'Save a policy document on top of revision `expected`; what is in force stays as it is',
        tags,
        params: Type.Object({ id }),
        body: Type.Object({ ...draftBody, expected }, { additionalProperties: false }),
        response: { 200: Type.Object({ document: DocumentBody }) },
      },
    },
    async ({ params, body: { name, text, tests = [], expected: revision }, principal }, reply) =>
      reply.send({
        document: shownDocument(await documents.save(params.id, { name, text, tests }, revision, principal)),
      }),
  );

  app.delete(
    '/v1/policy/documents/:id',
    {
      config: { scope: 'settings:manage' },
      schema: {
        summary: 'Delete a policy document; versions that hold it stay',
        tags,
        params: Type.Object({ id }),
        querystring: Type.Object({ expected }, { additionalProperties: false }),
        response: { 204: Type.Null() },
      },
    },
    async ({ params, query, principal }, reply) => {
      await documents.remove(params.id, query.expected, principal);
      return reply.status(204).send(null);
    },
  );
}
