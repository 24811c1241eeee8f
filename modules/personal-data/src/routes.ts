import { Readable } from 'node:stream';
import { formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { parseDeclaration, presets } from './declarations.ts';
import type { Declaration } from './declarations.ts';
import type { StoredDeclaration } from './declaration-store.ts';
import { PersonalDataError } from './errors.ts';
import type { PersonalDataService } from './subject-service.ts';
import {
  DeclarationAnswer,
  DeclarationList,
  Find,
  FoundAnswer,
  IdParams,
  NameParams,
  NewDeclaration,
  NewRequest,
  RequestAnswer,
  RequestList,
} from './route-schemas.ts';
import type { FoundSubject, ShownRequest } from './subject-requests.ts';

const tags = ['personal-data'];

/** `/v1/personal-data`: which fields name people, and what people may ask about what is held on them. */
export function createPersonalDataRoutes(service: PersonalDataService): RoutePlugin {
  const { declarations, requests } = service;
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/personal-data/declarations',
      {
        config: { scope: 'personal:read' },
        schema: { summary: 'Which fields of events name somebody', tags, response: { 200: DeclarationList } },
      },
      async () => {
        const declared = declarations.list();
        const { subjects, erased, shared, unreadable } = service.health();
        return {
          presets: Object.entries(presets).map(([name, { kind, paths, except }]) => ({
            name,
            kind,
            paths: [...paths],
            except: [...except],
            declared: declared.some((one) => one.name === name),
          })),
          declarations: declared.map(describeDeclaration),
          subjects: { sealed: subjects, erased, shared_today: shared, unreadable },
        };
      },
    );
    app.put(
      '/v1/personal-data/declarations/:name',
      {
        config: { scope: 'personal:manage', stepUp: true },
        schema: {
          summary: 'Declare fields personal, for everything recorded from now on',
          tags,
          params: NameParams,
          body: NewDeclaration,
          response: { 200: DeclarationAnswer },
        },
      },
      async ({ params, body, principal }) =>
        describeDeclaration(await declarations.put(params.name, declarationOf(body), actorOf(principal))),
    );
    app.delete(
      '/v1/personal-data/declarations/:name',
      {
        config: { scope: 'personal:manage', stepUp: true },
        schema: {
          summary: 'Seal these fields no longer; what was sealed stays sealed and can be erased',
          tags,
          params: NameParams,
          response: { 204: Type.Null() },
        },
      },
      async ({ params, principal }, reply) => {
        await declarations.remove(params.name, actorOf(principal));
        return reply.code(204).send(null);
      },
    );
    app.post(
      '/v1/personal-data/subjects',
      {
        config: { scope: 'personal:manage' },
        schema: {
          summary: 'What is held on somebody; names go in the body, so that no address holds them',
          tags,
          body: Find,
          response: { 200: FoundAnswer },
        },
      },
      async ({ body }) => {
        const { subjects, events } = await requests.find(body.about);
        const { entries, isComplete, first, last } = events;
        return {
          subjects: subjects.map(describeSubject),
          entries,
          complete: isComplete,
          first: describePlace(first),
          last: describePlace(last),
        };
      },
    );
    app.post(
      '/v1/personal-data/requests',
      {
        config: { scope: 'personal:manage', stepUp: true },
        schema: {
          summary: 'Record what a person asks: access to what is held on them, or its erasure',
          description:
            'An erasure becomes a destruction of keys, which two people sign (`/v1/vault/destructions/{id}/signing`) and which waits.',
          tags,
          body: NewRequest,
          response: { 201: RequestAnswer },
        },
      },
      async ({ body, principal }, reply) =>
        reply.code(201).send(describeRequest(await requests.ask({ ...body, actor: actorOf(principal) }), principal)),
    );
    app.get(
      '/v1/personal-data/requests',
      {
        config: { scope: 'personal:read' },
        schema: { summary: 'What people asked, the newest first', tags, response: { 200: RequestList } },
      },
      async ({ principal }) => ({
        requests: (await requests.list()).map((request) => describeRequest(request, principal)),
      }),
    );
    app.get(
      '/v1/personal-data/requests/:id',
      {
        config: { scope: 'personal:read' },
        schema: { summary: 'How far a request is', tags, params: IdParams, response: { 200: RequestAnswer } },
      },
      async ({ params, principal }) => describeRequest(await requests.get(params.id), principal),
    );
    app.get(
      '/v1/personal-data/requests/:id/export',
      {
        config: { scope: 'personal:manage', endsByItself: true },
        schema: {
          summary:
            'Everything sealed under the names of a request, as one JSON document; recorded before its first byte',
          tags,
          params: IdParams,
          produces: ['application/json'],
          response: {
            200: {
              description: 'Events with their positions; what was erased reads `[erased]`',
              content: { 'application/json': { schema: Type.Unsafe<Readable>({ type: 'object' }) } },
            },
          },
        },
      },
      async ({ params, principal }, reply) => {
        const pieces = await requests.exported(params.id, actorOf(principal));
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', `attachment; filename="subject-${params.id}.json"`)
          .send(Readable.from(pieces));
      },
    );
  };
}

function actorOf({ kind, id, name }: Principal) {
  return { kind, id, name };
}

function declarationOf({ preset, kind, paths, sources, except }: Static<typeof NewDeclaration>): Declaration {
  const base = preset === undefined ? undefined : presets[preset];
  if (preset !== undefined && base === undefined) {
    throw new PersonalDataError(
      'declaration_invalid',
      `Cannot declare this: there is no preset "${preset}", must be one of ${Object.keys(presets).join(', ')}`,
    );
  }
  return parseDeclaration({
    kind: kind ?? base?.kind ?? '',
    paths: paths ?? base?.paths ?? [],
    except: except ?? base?.except ?? [],
    ...(sources === undefined ? {} : { sources }),
  });
}

const timeOf = (atMs: number): string => new Date(atMs).toISOString();

function describeDeclaration(declared: StoredDeclaration) {
  const { name, kind, paths, except, sources, declaredAtMs, declaredBy } = declared;
  return {
    name,
    kind,
    paths: [...paths],
    except: [...except],
    sources: sources === undefined ? null : [...sources],
    since: timeOf(declaredAtMs),
    by: declaredBy,
  };
}

function describeSubject({ kind, value, subjectId, keys }: FoundSubject) {
  const made = keys.map(({ madeAtMs }) => madeAtMs).filter((atMs) => atMs > 0);
  return {
    kind,
    value,
    subject_id: subjectId ?? null,
    since: made.length === 0 ? null : timeOf(Math.min(...made)),
    state: stateOf(keys),
  };
}

function stateOf(keys: FoundSubject['keys']): 'unknown' | 'sealed' | 'forgetting' | 'erased' {
  if (keys.length === 0) return 'unknown';
  if (keys.some(({ erasedAtMs }) => erasedAtMs === undefined)) return 'sealed';
  return keys.some(({ forgottenAtMs }) => forgottenAtMs === undefined) ? 'forgetting' : 'erased';
}

function describePlace(place: { readonly position: Position; readonly receivedAtMs: number } | undefined) {
  return place === undefined
    ? null
    : { position: formatPosition(place.position), received_at: timeOf(place.receivedAtMs) };
}

function describeRequest(request: ShownRequest, principal: Principal) {
  const { id, kind, state, about, reason, keyIds, askedAtMs, askedBy, destruction, destructionId } = request;
  const mayKnow = principal.scopes.includes('personal:manage');
  return {
    id,
    kind,
    state,
    about: about === undefined || !mayKnow ? null : about.map((one) => ({ ...one })),
    reason,
    keys: keyIds.length,
    asked_at: timeOf(askedAtMs),
    asked_by: { ...askedBy },
    destruction:
      destructionId === undefined
        ? null
        : {
            id: destructionId,
            stage: destruction?.stage ?? 'unknown',
            certificate: destruction?.hasCertificate ?? false,
          },
    forgotten_entries: request.forgotten,
    ended_at: request.endedAtMs === undefined ? null : timeOf(request.endedAtMs),
  };
}
