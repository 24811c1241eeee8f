import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { Credential } from './account.ts';
import type { ServiceAccounts, ShownAccount } from './service-accounts.ts';

const ShownCredential = Type.Object({
  id: Type.String(),
  kind: Type.String({ description: '`secret`, `public-key`, `certificate` or `certificate-name`' }),
  label: Type.String(),
  createdAtMs: Type.Integer(),
  createdBy: Type.String(),
  expiresAtMs: Type.Optional(Type.Integer()),
  lastUsedAtMs: Type.Optional(Type.Integer({ description: 'Rounded down to the minute, up to a minute late' })),
  prefix: Type.Optional(Type.String({ description: 'How the secret begins' })),
  algorithm: Type.Optional(Type.String()),
  thumbprint: Type.Optional(Type.String()),
  subject: Type.Optional(Type.String()),
  notAfterMs: Type.Optional(Type.Integer({ description: 'When the certificate itself ends' })),
  name: Type.Optional(Type.Object({ type: Type.String(), value: Type.String() })),
  authoritySubject: Type.Optional(Type.String()),
});

const Account = Type.Object({
  id: Type.String({ description: 'Its `client_id`' }),
  name: Type.String(),
  description: Type.String(),
  ownerId: Type.String(),
  scopes: Type.Array(Type.String()),
  sites: Type.Optional(Type.Array(Type.String())),
  boundOnly: Type.Boolean({ description: 'Tokens must be bound to a key or certificate' }),
  createdAtMs: Type.Integer(),
  createdBy: Type.String(),
  expiresAtMs: Type.Optional(Type.Integer()),
  suspendedAtMs: Type.Optional(Type.Integer()),
  suspendedFor: Type.Optional(Type.String({ description: '`owner`: they were disabled or may do less; `by-hand`' })),
  lastUsedAtMs: Type.Optional(Type.Integer({ description: 'Rounded down to the minute, up to a minute late' })),
  credentials: Type.Array(ShownCredential),
});

const name = Type.String({ minLength: 1, maxLength: 100 });
const description = Type.String({ maxLength: 500 });
const id = Type.String({ minLength: 1, maxLength: 100 });
const scopes = Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 100 });
const sites = Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { minItems: 1, maxItems: 100 });
const moment = Type.Integer({ minimum: 0 });
const pem = Type.String({ minLength: 1, maxLength: 16_384 });
const strict = { additionalProperties: false };

const NewCredential = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('public-key'),
      jwk: Type.Record(Type.String({ maxLength: 50 }), Type.Unknown(), { maxProperties: 20 }),
    },
    strict,
  ),
  Type.Object({ kind: Type.Literal('certificate'), pem }, strict),
  Type.Object(
    {
      kind: Type.Literal('certificate-name'),
      authorityPem: pem,
      name: Type.Object(
        {
          type: Type.Union([Type.Literal('subject'), Type.Literal('san_dns'), Type.Literal('san_uri')]),
          value: Type.String({ minLength: 1, maxLength: 500 }),
        },
        strict,
      ),
    },
    strict,
  ),
]);

/** `/v1/service-accounts`: programs with an account of their own. */
export function createAccountRoutes(accounts: ServiceAccounts): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'keys:manage' };
    const grave = { ...config, stepUp: true } as const;
    const tags = ['service accounts'];
    const params = Type.Object({ id });
    const path = '/v1/service-accounts';

    app.get(
      path,
      {
        config,
        schema: {
          summary: 'Service accounts, newest first',
          tags,
          response: { 200: Type.Object({ accounts: Type.Array(Account) }) },
        },
      },
      async () => ({ accounts: (await accounts.list()).map(shown) }),
    );

    app.post(
      path,
      {
        config: grave,
        schema: {
          summary:
            'Make a service account: for a person who answers for it, with no more than they and the maker may do',
          tags,
          body: Type.Object(
            {
              name,
              description: Type.Optional(description),
              ownerId: Type.Optional(id),
              scopes,
              sites: Type.Optional(sites),
              expiresAtMs: Type.Optional(moment),
              boundOnly: Type.Optional(Type.Boolean({ default: true })),
            },
            strict,
          ),
          response: { 201: Account },
        },
      },
      async (request, reply) =>
        reply.code(201).send(shown(await accounts.create({ ...request.body, by: request.principal }))),
    );

    app.patch(
      `${path}/:id`,
      {
        config: grave,
        schema: {
          summary: 'Change a service account; null takes the end or the sites away',
          tags,
          params,
          body: Type.Object(
            {
              name: Type.Optional(name),
              description: Type.Optional(description),
              ownerId: Type.Optional(id),
              scopes: Type.Optional(scopes),
              sites: Type.Optional(Type.Union([sites, Type.Null()])),
              expiresAtMs: Type.Optional(Type.Union([moment, Type.Null()])),
              boundOnly: Type.Optional(Type.Boolean()),
            },
            { ...strict, minProperties: 1 },
          ),
          response: { 200: Account },
        },
      },
      async (request) =>
        shown(await accounts.change({ ...request.body, id: request.params.id, by: request.principal })),
    );

    app.post(
      `${path}/:id/suspend`,
      {
        config,
        schema: { summary: 'Stop a service account and its tokens, at once', tags, params, response: { 200: Account } },
      },
      async (request) => shown(await accounts.suspend({ id: request.params.id, by: request.principal })),
    );

    app.post(
      `${path}/:id/resume`,
      {
        config: grave,
        schema: { summary: 'Let a stopped service account go on', tags, params, response: { 200: Account } },
      },
      async (request) => shown(await accounts.resume({ id: request.params.id, by: request.principal })),
    );

    app.delete(
      `${path}/:id`,
      {
        config: grave,
        schema: {
          summary: 'Delete a service account with its credentials and tokens, for ever',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await accounts.remove({ id: request.params.id, by: request.principal });
        return reply.code(204).send(null);
      },
    );

    app.post(
      `${path}/:id/secrets`,
      {
        config: grave,
        schema: {
          summary:
            'A new client secret, shown only in this reply; with `overlapMs` the one of before ends after so long',
          tags,
          params,
          body: Type.Object(
            {
              label: Type.Optional(name),
              expiresAtMs: Type.Optional(moment),
              overlapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 604_800_000 })),
            },
            strict,
          ),
          response: { 201: Type.Intersect([ShownCredential, Type.Object({ secret: Type.String() })]) },
        },
      },
      async (request, reply) => {
        const { label = 'Secret', ...rest } = request.body;
        const made = await accounts.addSecret({ ...rest, label, id: request.params.id, by: request.principal });
        return reply.code(201).send({ ...shownCredential(made.credential), secret: made.secret.reveal() });
      },
    );

    app.post(
      `${path}/:id/credentials`,
      {
        config: grave,
        schema: {
          summary: 'Register a public key (JWK), a client certificate, or a name in certificates of an authority',
          tags,
          params,
          body: Type.Object({ label: name, expiresAtMs: Type.Optional(moment), credential: NewCredential }, strict),
          response: { 201: ShownCredential },
        },
      },
      async (request, reply) =>
        reply
          .code(201)
          .send(
            shownCredential(
              await accounts.addCredential({ ...request.body, id: request.params.id, by: request.principal }),
            ),
          ),
    );

    app.delete(
      `${path}/:id/credentials/:credentialId`,
      {
        config,
        schema: {
          summary: 'Take a credential away, and with it every token of the account, at once',
          tags,
          params: Type.Object({ id, credentialId: id }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await accounts.removeCredential({ ...request.params, by: request.principal });
        return reply.code(204).send(null);
      },
    );
  };
}

/** The schema's lists are mutable, ours are not; keys and certificates are not said back whole. */
function shown({ scopes: may, sites: at, credentials, ...account }: ShownAccount): Static<typeof Account> {
  return {
    ...account,
    scopes: [...may],
    ...(at === undefined ? {} : { sites: [...at] }),
    credentials: credentials.map(shownCredential),
  };
}

function shownCredential(credential: Credential): Static<typeof ShownCredential> {
  if (credential.kind === 'public-key') {
    const { jwk: _jwk, ...rest } = credential;
    return rest;
  }
  if (credential.kind !== 'certificate-name') return credential;
  const { authorityPem: _pem, ...rest } = credential;
  return rest;
}
