import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { PolicyLibraryError } from './errors.ts';
import { ExplainedBody, shownExplained } from './explain-schema.ts';
import type { PastExplained } from './past-explained.ts';
import type { PolicyLibrary } from './policy-library.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });

const PastBody = Type.Object({
  story: Type.Array(text, { description: 'All of it, in sentences' }),
  decision: Type.Object({
    position: text,
    at: time,
    who: Type.Optional(Type.Object({ kind: text, id: text, name: text })),
    outcome: Type.String({ description: '`allowed` or `denied`' }),
    code: text,
    route: text,
    address: text,
    requests: Type.Integer({ description: 'That the record stands for' }),
    action: Type.Optional(text),
    answer: Type.Optional(Type.String({ description: 'Of the policies, then: `allow`, `deny` or `needs_proof`' })),
    resource: Type.Optional(Type.Any()),
    reason: Type.Optional(text),
    policies: Type.Array(text),
    policy_sha256: Type.Optional(text),
  }),
  at_the_time: Type.Optional(
    Type.Object({
      agrees: Type.Boolean({ description: 'They answer now as they did then' }),
      ...ExplainedBody.properties,
    }),
  ),
  untold: Type.Optional(Type.String({ description: 'Why the policies of then cannot be asked' })),
  now: Type.Optional(Type.Object({ answer: text, reason: text, policies: Type.Array(text) })),
});

/** Why something was refused, or let through, in the past. */
export function addPastRoutes(fastify: Parameters<RoutePlugin>[0], { past }: Pick<PolicyLibrary, 'past'>): void {
  typedApp(fastify).get(
    '/v1/policy/decisions/explain',
    {
      config: { scope: 'audit:read' },
      schema: {
        summary:
          'Why a request was refused or let through: the policies in force then, the facts they looked at, and what would be answered now',
        tags: ['policy'],
        querystring: Type.Object(
          {
            position: Type.Optional(
              Type.String({ pattern: '^\\d{1,10}/\\d{1,16}$', description: 'Of its record in the ledger' }),
            ),
            request: Type.Optional(
              Type.String({
                pattern: '^[0-9a-f]{32}$',
                description: 'The correlation id that whoever was refused was told',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: PastBody },
      },
    },
    async ({ query: { position, request } }, reply) => {
      if (position !== undefined && request === undefined)
        return reply.send(shownPast(await past.explain({ position })));
      if (request !== undefined && position === undefined)
        return reply.send(shownPast(await past.explain({ request })));
      throw new PolicyLibraryError(
        'policy_question_invalid',
        'Cannot tell which decision is meant: must be named by position or by request, one of them',
      );
    },
  );
}

function shownPast({ decision, request, atTheTime, untold, now, story }: PastExplained) {
  const { who, requestIds: _ids, requests: _requests, version, reason, atMs, count, ...rest } = decision;
  const resource = request?.asked['resource'];
  return {
    story: [...story],
    decision: {
      position: rest.position,
      at: new Date(atMs).toISOString(),
      ...(who === undefined ? {} : { who: { ...who } }),
      outcome: rest.outcome,
      code: rest.code,
      route: request?.route ?? `${rest.method} ${rest.route}`.trim(),
      address: rest.address,
      requests: count,
      ...(request === undefined ? {} : { action: request.action, answer: request.answer }),
      ...(resource === undefined ? {} : { resource }),
      ...(reason === undefined ? {} : { reason }),
      policies: [...rest.policies],
      ...(version === undefined ? {} : { policy_sha256: version }),
    },
    ...(atTheTime === undefined
      ? {}
      : {
          at_the_time: {
            agrees: atTheTime.agrees,
            ...shownExplained(atTheTime.explained, { version: atTheTime.version, hash: version ?? '' }),
          },
        }),
    ...(untold === undefined ? {} : { untold }),
    ...(now === undefined ? {} : { now: { ...now, policies: [...now.policies] } }),
  };
}
