import { allActions, isAction, kindActions, siteActions } from '@sallyport/access-policy';
import type { AccessRequest, LivePolicy } from '@sallyport/access-policy';
import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { PolicyLibraryError } from './errors.ts';
import { ExplainedBody, shownExplained } from './explain-schema.ts';
import { explainRequest } from './explain.ts';
import type { Explained } from './explain.ts';
import type { PolicyLibrary } from './policy-library.ts';
import { answerOf } from './policy-test.ts';
import { FactsBody, PrincipalBody, ResourceBody, requestOf } from './question.ts';

export type ExplainNeeds = {
  readonly live: LivePolicy;
  readonly library: Pick<PolicyLibrary, 'inForce' | 'bundled'>;
  /** Somebody there is, as they are now; undefined when there is nobody of this id. */
  readonly principalOf: (kind: 'user' | 'key' | 'service', id: string) => Promise<Principal | undefined>;
  readonly riskOf: (principal: Principal) => AccessRequest['risk'];
};

const text = Type.String();
/** Why somebody may or may not, and who may what at all. */
export function addExplainRoutes(fastify: Parameters<RoutePlugin>[0], needs: ExplainNeeds): void {
  const app = typedApp(fastify);
  const { live, library } = needs;
  const tags = ['policy'];

  const shown = (explained: Explained) =>
    shownExplained(explained, { version: library.inForce().version, hash: live.version });

  app.post(
    '/v1/policy/explain',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary:
          'Why somebody may or may not do something: the policies, the facts they looked at, and what would have to be otherwise',
        tags,
        body: Type.Object(
          {
            principal: PrincipalBody,
            action: Type.String({ minLength: 1, maxLength: 60 }),
            resource: Type.Optional(ResourceBody),
            facts: Type.Optional(FactsBody),
          },
          { additionalProperties: false },
        ),
        response: { 200: ExplainedBody },
      },
    },
    async ({ body }, reply) => {
      if (!isAction(body.action) && !kindActions.some((action) => action === body.action))
        throw new PolicyLibraryError(
          'policy_question_invalid',
          `Cannot explain "${body.action}": there is no such action`,
        );
      const request = requestOf(body);
      const { kind, id, roles, scopes, site_roles: siteRoles } = body.principal;
      const isSomebody = id !== undefined && roles === undefined && scopes === undefined && siteRoles === undefined;
      if (!isSomebody || kind === 'operator' || kind === 'device' || kind === 'agent')
        return reply.send(shown(explainRequest(live, request)));
      const found = await needs.principalOf(kind, id);
      if (found === undefined)
        throw new PolicyLibraryError('policy_question_invalid', `Cannot explain: there is no ${kind} "${id}" now`);
      const principal = { ...found, assurance: body.principal.assurance ?? found.assurance ?? 2 };
      const risk = body.facts?.risk === undefined ? needs.riskOf(principal) : request.risk;
      return reply.send(
        shown(explainRequest(live, { ...request, principal: kind === 'user' ? principal : found, risk })),
      );
    },
  );

  app.get(
    '/v1/policy/matrix',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary:
          'Which role may do what, asked of the policies in force: everywhere, or at a site where the role is held there',
        tags,
        response: {
          200: Type.Object({
            actions: Type.Array(text),
            site_actions: Type.Array(text),
            roles: Type.Array(
              Type.Object({
                id: text,
                name: text,
                words: text,
                own: Type.Boolean(),
                answers: Type.Record(text, text, { description: 'By action: `allow`, `deny` or `needs_proof`' }),
              }),
            ),
          }),
        },
      },
    },
    async (_request, reply) =>
      reply.send({
        actions: [...allActions],
        site_actions: [...siteActions],
        roles: live.roles().map(({ id, name, words, own }) => ({
          id,
          name,
          words,
          own,
          answers: Object.fromEntries(
            allActions.map((action) => [
              action,
              answerOf(live.decide(requestOf({ principal: { kind: 'user', roles: [id] }, action }))),
            ]),
          ),
        })),
      }),
  );

  app.get(
    '/v1/policy/bundled',
    {
      config: { scope: 'settings:read' },
      schema: {
        summary: 'The policies that come with the product: they stand whatever the organisation writes',
        tags,
        response: {
          200: Type.Object({
            sha256: text,
            policies: Type.Array(
              Type.Object({ id: text, words: text, effect: text, file: text, text, role: Type.Optional(text) }),
            ),
          }),
        },
      },
    },
    async (_request, reply) =>
      reply.send({
        sha256: library.inForce().bundledHash,
        policies: library.bundled().map(({ id, words, effect, file, text: written, role }) => ({
          id,
          words,
          effect,
          file,
          text: written,
          ...(role === undefined ? {} : { role: role.id }),
        })),
      }),
  );
}
