import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { AgentGuardError } from '../errors.ts';
import { draftHash } from '../decisions/own-policy.ts';
import type { OwnDraft } from '../decisions/own-policy.ts';
import type { OwnPolicies } from './own-policies.ts';
import { DraftBody, scopeOf, testOf } from './own-schema.ts';
import {
  documentId as id,
  damage,
  ShownDocument,
  ShownTried,
  shownDamage,
  shownDocument,
  shownTest,
  shownTried,
  WholeDocument,
} from './own-shown.ts';
import type { OwnDocument } from './own-version.ts';

const closed = { additionalProperties: false } as const;
const expected = Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'The revision it was read at' });
const bodyLimitBytes = 1024 * 1024;
const tags = ['agents'];

/** `/v1/agents/policies` and its documents: the organisation's policies for agents as they are being written. */
export function createOwnDocumentRoutes(own: OwnPolicies): RoutePlugin {
  const { documents } = own;

  /** Documents that are as they are in force. */
  async function known(): Promise<ReadonlySet<string>> {
    const inForce = own.inForce();
    if (inForce.kind !== 'policies') return new Set();
    // What cannot be read any more is none to compare with; the list is there to mend it.
    const { texts } = await own.versions.get(inForce.version).catch((error: unknown) => {
      if (error instanceof AgentGuardError && error.code === 'agent_policy_version_damaged') return { texts: [] };
      throw error;
    });
    return new Set(texts.map((one) => `${one.id} ${draftHash(one)}`));
  }
  const shown = async (document: OwnDocument) => ({ document: shownDocument(document, await known()) });

  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/agents/policies',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary:
            "The organisation's own policies for agents: what is in force beside the packs, and documents as they are being written",
          tags,
          response: {
            200: Type.Object({
              in_force: Type.Object({
                version: Type.Optional(Type.Integer()),
                unreadable: Type.Optional(
                  Type.String({ description: 'Why nobody can tell what is in force: no call is let through' }),
                ),
              }),
              documents: Type.Array(ShownDocument),
              damaged: Type.Array(Type.Object({ id: Type.String(), revision: Type.Integer(), ...damage }), {
                description: 'Not as they were sealed: saved anew or deleted by their revision, unread',
              }),
            }),
          },
        },
      },
      async () => {
        const inForce = own.inForce();
        const hashes = await known();
        const { documents: all, damaged } = await documents.list();
        return {
          in_force: {
            ...(inForce.kind === 'policies' ? { version: inForce.version } : {}),
            ...(inForce.kind === 'unreadable' ? { unreadable: inForce.reason } : {}),
          },
          documents: all.map((one) => shownDocument(one, hashes)),
          damaged: damaged.map(shownDamage),
        };
      },
    );

    app.get(
      '/v1/agents/policies/documents/:id',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'One document with its text and tests',
          tags,
          params: Type.Object({ id }),
          response: { 200: WholeDocument },
        },
      },
      async ({ params }) => {
        const found = await documents.get(params.id);
        return { ...(await shown(found)), text: found.text, tests: found.tests.map(shownTest) };
      },
    );

    app.post(
      '/v1/agents/policies/check',
      {
        config: { scope: 'agents:read', bodyLimitBytes, background: true },
        schema: {
          summary: 'What is wrong with a document, line by line, and what its tests come to; nothing is kept',
          tags,
          body: Type.Object({ draft: DraftBody, document: Type.Optional(id) }, closed),
          response: { 200: ShownTried },
        },
      },
      async ({ body: { draft, document } }) => shownTried(await documents.attempt(draftOf(draft), document)),
    );

    app.post(
      '/v1/agents/policies/documents',
      {
        config: { scope: 'agents:manage', bodyLimitBytes },
        schema: {
          summary: 'Keep a document, whatever may be wrong with it yet; it is in force nowhere',
          tags,
          body: Type.Object({ id, draft: DraftBody }, closed),
          response: { 201: Type.Object({ document: ShownDocument }) },
        },
      },
      async ({ body, principal }, reply) =>
        reply.code(201).send(await shown(await documents.create(body.id, draftOf(body.draft), principal))),
    );

    app.put(
      '/v1/agents/policies/documents/:id',
      {
        config: { scope: 'agents:manage', bodyLimitBytes },
        schema: {
          summary: 'Save a document on top of revision `expected`; what is in force stays as it is',
          tags,
          params: Type.Object({ id }),
          body: Type.Object({ draft: DraftBody, expected }, closed),
          response: { 200: Type.Object({ document: ShownDocument }) },
        },
      },
      async ({ params, body, principal }) =>
        shown(await documents.save(params.id, draftOf(body.draft), body.expected, principal)),
    );

    app.delete(
      '/v1/agents/policies/documents/:id',
      {
        config: { scope: 'agents:manage' },
        schema: {
          summary: 'Delete a document; versions that hold it stay',
          tags,
          params: Type.Object({ id }),
          querystring: Type.Object({ expected }, closed),
          response: { 204: Type.Null() },
        },
      },
      async ({ params, query, principal }, reply) => {
        await documents.remove(params.id, query.expected, principal);
        return reply.code(204).send(null);
      },
    );
  };
}

/** Throws `agent_policy_invalid`. */
export function draftOf({ name, scope, text, tests }: Static<typeof DraftBody>): OwnDraft {
  return { name, scope: scopeOf(scope), text, tests: tests.map(testOf) };
}
