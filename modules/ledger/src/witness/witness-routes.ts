import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { LedgerClient } from '../ledger-client.ts';
import { mostWitnesses } from './witness-changes.ts';
import { ShownReport, showWitnesses } from './witness-shown.ts';
import type { Witnesses } from './witnesses.ts';

const strict = { additionalProperties: false };

const NewWitness = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 500, description: 'https, the part before /add-checkpoint' }),
    verifier_key: Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'Its vkey (C2SP tlog-cosignature; Ed25519 or ML-DSA-44)',
    }),
    authority_pem: Type.Optional(
      Type.String({
        maxLength: 20_000,
        description: 'What its certificate must lead to, when no public authority vouches for it',
      }),
    ),
  },
  strict,
);
const Policy = Type.Object(
  {
    needed: Type.Integer({ minimum: 1, maximum: mostWitnesses }),
    tail_limit_minutes: Type.Integer({ minimum: 1, maximum: 43_200 }),
  },
  strict,
);
const IdParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });
const Answered = { 200: ShownReport };

/** `/v1/ledger/witnesses`: who outside watches the ledger grow. */
export function createWitnessRoutes(witnesses: Witnesses, ledger: Pick<LedgerClient, 'logs' | 'head'>): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    const tags = ['ledger'];
    const answer = async () => showWitnesses(await witnesses.report(), ledger);

    app.get(
      '/v1/ledger/witnesses',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'Who outside watches the ledger grow, and how far they have seen it',
          tags,
          response: Answered,
        },
      },
      answer,
    );
    app.post(
      '/v1/ledger/witnesses',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Add a witness; it is asked at once, and what it says stands in the answer',
          tags,
          body: NewWitness,
          response: { 201: ShownReport },
        },
      },
      async (request, reply) => {
        const { url, verifier_key: verifierKey, authority_pem: authorityPem } = request.body;
        const wanted = { url, verifierKey, ...(authorityPem === undefined ? {} : { authorityPem }) };
        await witnesses.add({ ...wanted, actor: request.principal });
        return reply.code(201).send(await answer());
      },
    );
    app.post(
      '/v1/ledger/witnesses/:id/ask',
      {
        config: { scope: 'settings:manage' },
        schema: { summary: 'Ask a witness now', tags, params: IdParams, response: Answered },
      },
      async (request) => {
        await witnesses.ask(request.params.id);
        return answer();
      },
    );
    app.delete(
      '/v1/ledger/witnesses/:id',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Remove a witness; what it cosigned stays in evidence, and the policy asks for no more than remain',
          tags,
          params: IdParams,
          response: Answered,
        },
      },
      async (request) => {
        await witnesses.remove({ id: request.params.id, actor: request.principal });
        return answer();
      },
    );
    app.put(
      '/v1/ledger/witnesses/policy',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'How many witnesses are enough, and when an unwitnessed end is an alarm',
          tags,
          body: Policy,
          response: Answered,
        },
      },
      async (request) => {
        const { needed, tail_limit_minutes: minutes } = request.body;
        await witnesses.setPolicy({ needed, tailLimitMs: minutes * 60_000, actor: request.principal });
        return answer();
      },
    );
    app.post(
      '/v1/ledger/witnesses/sign-anyway',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Vouch for the newest log in place of witnesses that do not answer: it is signed again',
          tags,
          body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2000 }) }, strict),
          response: Answered,
        },
      },
      async (request) => {
        await witnesses.signAnyway({ reason: request.body.reason, actor: request.principal });
        return answer();
      },
    );
  };
}
