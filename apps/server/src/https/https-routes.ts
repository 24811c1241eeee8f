import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static, type TSchema } from 'typebox';
import type { HttpsRequest } from './https-change.ts';
import type { Https } from './https-service.ts';
import { describeHttps } from './https-status.ts';

const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: 'date-time' });
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const maxPemLength = 100_000;
const Pem = Type.String({ minLength: 1, maxLength: maxPemLength });
const Address = Type.String({ minLength: 1, maxLength: 500 });

const Trouble = Type.Object({ code: Type.String(), message: Type.String(), hint: orNull(Type.String()), at: Time });
const Status = Type.Object({
  state: Type.Enum(['off', 'open', 'waiting', 'failed'], {
    description: 'waiting: open, without a certificate yet; failed: see `problem`',
  }),
  origin: orNull(Type.String({ description: 'Where others reach the server' })),
  names: Type.Array(Type.String()),
  host: orNull(Type.String()),
  port: orNull(Type.Integer()),
  public_port: orNull(Type.Integer()),
  kind: orNull(Type.Union([Type.Literal('authority'), Type.Literal('own'), Type.Literal('acme')])),
  problem: orNull(Trouble),
  certificate: orNull(
    Type.Object({
      subject: Type.String(),
      issuer: Type.String(),
      names: Type.Array(Type.String()),
      not_before: Time,
      not_after: Time,
      fingerprint_sha256: Type.String(),
      chain_length: Type.Integer(),
      renew_at: orNull(Time),
    }),
  ),
  acme: orNull(
    Type.Object({
      directory_url: Type.String(),
      directory_ca: Type.Boolean(),
      challenge: Type.Union([Type.Literal('http-01'), Type.Literal('tls-alpn-01')]),
      challenge_port: Type.Integer(),
      email: orNull(Type.String()),
      external_account: Type.Boolean(),
      order: Type.Object({
        phase: Type.Enum(['idle', 'running', 'waiting', 'stopped'], {
          description: 'waiting: tries again at `next_at`; stopped: not before somebody says so',
        }),
        step: orNull(Type.Enum(['account', 'order', 'challenge', 'certificate'])),
        failures: Type.Integer(),
        problem: orNull(Trouble),
        next_at: orNull(Time),
      }),
    }),
  ),
  authority: orNull(
    Type.Object({
      fingerprint_sha256: Type.String(),
      not_after: Time,
      names: Type.Array(Type.String()),
      ranges: Type.Array(Type.String()),
    }),
  ),
  start_names: Type.Array(Type.String({ description: 'Names given with --name, of the first listener' })),
  warnings: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
});

const strict = { additionalProperties: false };
const Change = Type.Object(
  {
    enabled: Type.Boolean(),
    names: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 20 })),
    host: Type.Optional(Type.String({ maxLength: 100, default: '0.0.0.0' })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, default: 8443 })),
    public_port: Type.Optional(orNull(Port)),
    certificate: Type.Optional(Type.Union([Type.Literal('authority'), Type.Literal('own'), Type.Literal('acme')])),
    authority: Type.Optional(
      Type.Object(
        { replace: Type.Boolean({ description: 'Make a new one, which everybody has to trust anew' }) },
        strict,
      ),
    ),
    own: Type.Optional(
      Type.Object(
        {
          chain_pem: Pem,
          key_pem: Type.String({ maxLength: maxPemLength, description: 'May be empty when the chain holds it too' }),
          passphrase: Type.Optional(Type.String({ maxLength: 1000 })),
        },
        { ...strict, description: 'Left out: the certificate given before' },
      ),
    ),
    acme: Type.Optional(
      Type.Object(
        {
          directory_url: Type.Optional(Address),
          directory_ca_pem: Type.Optional(Pem),
          challenge: Type.Union([Type.Literal('http-01'), Type.Literal('tls-alpn-01')]),
          challenge_port: Type.Optional(Port),
          email: Type.Optional(Type.String({ maxLength: 254, pattern: String.raw`^[^\s@<>,;]+@[^\s@<>,;]+$` })),
          terms_agreed: Type.Boolean(),
          external_account: Type.Optional(
            Type.Object(
              {
                key_id: Type.String({ minLength: 1, maxLength: 500 }),
                hmac_key: Type.String({ minLength: 1, maxLength: 500, pattern: '^[A-Za-z0-9_+/=-]+$' }),
              },
              strict,
            ),
          ),
        },
        strict,
      ),
    ),
  },
  strict,
);

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory';
const bodyLimitBytes = 400_000;

/** `/v1/settings/https`: the listener for others. What is secret goes in and never out. */
export function createHttpsRoutes(https: Https): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/settings/https',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'HTTPS for others: state and certificate', tags: ['settings'], response: { 200: Status } },
      },
      async () => describeHttps(https.moment()),
    );
    app.put(
      '/v1/settings/https',
      {
        config: { scope: 'settings:manage', stepUp: true, bodyLimitBytes },
        schema: {
          summary: 'Open, change or close the listener for others; what fails leaves it as it was',
          tags: ['settings'],
          body: Change,
          response: { 200: Status },
        },
      },
      async (request) => describeHttps(await https.change(readChange(request.body), request.principal)),
    );
    app.post(
      '/v1/settings/https/order',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: { summary: 'Order the ACME certificate again, now', tags: ['settings'], response: { 200: Status } },
      },
      async () => describeHttps(https.tryAgain()),
    );
    app.post(
      '/v1/settings/https/directory',
      {
        // It has this server connect to wherever it is told, which may be a place only this server can reach.
        config: { scope: 'settings:manage', stepUp: true, bodyLimitBytes },
        schema: {
          summary: 'Ask an ACME server for its terms',
          tags: ['settings'],
          body: Type.Object(
            { directory_url: Type.Optional(Address), directory_ca_pem: Type.Optional(Pem) },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              directory_url: Type.String(),
              terms_url: orNull(Type.String()),
              external_account_required: Type.Boolean(),
            }),
          },
        },
      },
      async ({ body }) => {
        const url = body.directory_url ?? letsEncrypt;
        const { termsUrl, externalAccountRequired } = await https.readDirectory(url, body.directory_ca_pem);
        return { directory_url: url, terms_url: termsUrl ?? null, external_account_required: externalAccountRequired };
      },
    );
    app.post(
      '/v1/settings/https/test',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary: 'Connect to every name from the server itself, and say who answers',
          tags: ['settings'],
          response: {
            200: Type.Object({
              names: Type.Array(
                Type.Object({
                  name: Type.String(),
                  addresses: Type.Array(Type.String()),
                  outcome: Type.Enum(['unresolved', 'unreachable', 'other', 'reached']),
                  trusted: Type.Boolean(),
                  reason: orNull(Type.String()),
                }),
              ),
            }),
          },
        },
      },
      async () => ({
        names: (await https.test()).map(({ name, addresses, outcome, isTrusted, reason }) => ({
          name,
          addresses: [...addresses],
          outcome,
          trusted: isTrusted,
          reason: reason ?? null,
        })),
      }),
    );
  };
}

function readChange(body: Static<typeof Change>): HttpsRequest | undefined {
  if (!body.enabled) return undefined;
  return {
    names: body.names ?? [],
    host: body.host ?? '0.0.0.0',
    port: body.port ?? 8443,
    publicPort: body.public_port ?? undefined,
    certificate: readChoice(body),
  };
}

function readChoice({ certificate, authority, own, acme }: Static<typeof Change>): HttpsRequest['certificate'] {
  if (certificate === 'own') {
    const pem = own === undefined ? undefined : { chain: own.chain_pem, key: own.key_pem, passphrase: own.passphrase };
    return { kind: 'own', pem };
  }
  if (certificate === 'acme') {
    const bound = acme?.external_account;
    return {
      kind: 'acme',
      directoryUrl: acme?.directory_url ?? letsEncrypt,
      directoryCaPem: acme?.directory_ca_pem,
      challenge: acme?.challenge ?? 'http-01',
      challengePort: acme?.challenge_port ?? 80,
      email: acme?.email,
      termsAgreed: acme?.terms_agreed === true,
      externalAccount: bound === undefined ? undefined : { keyId: bound.key_id, hmacKey: bound.hmac_key },
    };
  }
  return { kind: 'authority', replace: authority?.replace === true };
}
