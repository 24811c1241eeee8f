import type { FastifyReply, FastifyRequest } from 'fastify';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { proofAlgorithms } from '../tokens/dpop-proof.ts';
import { publicClientId } from './client-authentication.ts';
import { parseForm } from './form.ts';
import { OAuthError } from './oauth-error.ts';
import type { RefusalRecord } from './refusal-record.ts';
import { deviceGrant, type OAuthRequest, type TokenService } from './token-service.ts';

const OAuthProblem = Type.Object({ error: Type.String(), error_description: Type.String() });
const problems = { 400: OAuthProblem, 401: OAuthProblem, 503: OAuthProblem };
const tags = ['tokens'];

const TokenReply = Type.Object({
  access_token: Type.String(),
  token_type: Type.String({ description: '`DPoP` or `Bearer`' }),
  expires_in: Type.Integer(),
  scope: Type.String(),
  refresh_token: Type.Optional(Type.String()),
  username: Type.Optional(Type.String({ description: 'Whom a program acts for' })),
});
const DeviceReply = Type.Object({
  device_code: Type.String(),
  user_code: Type.String(),
  verification_uri: Type.String(),
  verification_uri_complete: Type.String(),
  expires_in: Type.Integer(),
  interval: Type.Integer(),
});
const IntrospectionReply = Type.Object({
  active: Type.Boolean(),
  scope: Type.Optional(Type.String()),
  client_id: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  sub: Type.Optional(Type.String()),
  token_type: Type.Optional(Type.String()),
  exp: Type.Optional(Type.Integer()),
  iat: Type.Optional(Type.Integer()),
  cnf: Type.Optional(Type.Object({ jkt: Type.Optional(Type.String()), 'x5t#S256': Type.Optional(Type.String()) })),
});
const Metadata = Type.Object({
  issuer: Type.String(),
  token_endpoint: Type.String(),
  device_authorization_endpoint: Type.String(),
  introspection_endpoint: Type.String(),
  revocation_endpoint: Type.String(),
  grant_types_supported: Type.Array(Type.String()),
  response_types_supported: Type.Array(Type.String()),
  token_endpoint_auth_methods_supported: Type.Array(Type.String()),
  token_endpoint_auth_signing_alg_values_supported: Type.Array(Type.String()),
  introspection_endpoint_auth_methods_supported: Type.Array(Type.String()),
  introspection_endpoint_auth_signing_alg_values_supported: Type.Array(Type.String()),
  revocation_endpoint_auth_methods_supported: Type.Array(Type.String()),
  revocation_endpoint_auth_signing_alg_values_supported: Type.Array(Type.String()),
  dpop_signing_alg_values_supported: Type.Array(Type.String()),
  tls_client_certificate_bound_access_tokens: Type.Boolean(),
});

const authenticationMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
];
const assertionAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256'];
const bodyLimitBytes = 64 * 1024;

/** `/oauth/…` and the metadata: OAuth 2.1, RFC 7009, 7523, 7662, 8414, 8628, 8705 and 9449. */
export function createOAuthRoutes(service: TokenService, refusals: RefusalRecord): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    // Ten minutes a token: a client asks seldom, and one that guesses is slow.
    const config = { public: true, bodyLimitBytes, addressRate: { perSecond: 5, burst: 60 } } as const;

    const requestOf = (request: FastifyRequest): OAuthRequest => {
      if (typeof request.body !== 'string')
        throw new OAuthError('invalid_request', 'Cannot read the body: must be application/x-www-form-urlencoded');
      const { client, presented } = request;
      return { form: parseForm(request.body), authorization: request.headers.authorization, client, presented };
    };
    /** A refusal in OAuth's words; whatever else is thrown is the edge's to answer. */
    const refuse = async (
      request: FastifyRequest,
      reply: FastifyReply,
      thrown: unknown,
    ): Promise<{ error: string; error_description: string }> => {
      if (!(thrown instanceof OAuthError)) throw thrown;
      await refusals.record(thrown, request.client);
      reply.code(thrown.status);
      if (thrown.status === 401) reply.header('www-authenticate', 'Basic realm="sallyport"');
      if (thrown.status === 503) reply.header('retry-after', '10');
      return { error: thrown.error, error_description: thrown.message };
    };

    app.post(
      '/oauth/token',
      {
        config,
        schema: {
          summary: 'A token for a service account, for a sign-in by device, or for a refresh token (OAuth 2.1)',
          tags,
          response: { 200: TokenReply, ...problems },
        },
      },
      async (request, reply) => {
        try {
          return await service.token(requestOf(request));
        } catch (error) {
          return refuse(request, reply, error);
        }
      },
    );

    app.post(
      '/oauth/device_authorization',
      {
        config: { ...config, addressRate: { perSecond: 0.2, burst: 20 } },
        schema: {
          summary: 'Begin the sign-in of a program without a browser (RFC 8628)',
          tags,
          response: { 200: DeviceReply, ...problems },
        },
      },
      async (request, reply) => {
        try {
          const begun = await service.beginDevice(requestOf(request));
          const page = `${pageOrigin(request.client.linkOrigin)}/device`;
          return {
            device_code: begun.deviceCode,
            user_code: begun.userCode,
            verification_uri: page,
            verification_uri_complete: `${page}?code=${begun.userCode}`,
            expires_in: begun.expiresInSeconds,
            interval: begun.intervalSeconds,
          };
        } catch (error) {
          return refuse(request, reply, error);
        }
      },
    );

    app.post(
      '/oauth/introspect',
      {
        config,
        schema: {
          summary: 'What a token is (RFC 7662): one’s own, and with scope users:read everybody’s',
          tags,
          response: { 200: IntrospectionReply, ...problems },
        },
      },
      async (request, reply) => {
        try {
          return await service.introspect(requestOf(request));
        } catch (error) {
          return refuse(request, reply, error);
        }
      },
    );

    app.post(
      '/oauth/revoke',
      {
        config,
        schema: {
          summary: 'End one’s own token (RFC 7009), and with it the sign-in it belongs to',
          tags,
          response: { 200: Type.Object({}), ...problems },
        },
      },
      async (request, reply) => {
        try {
          await service.revoke(requestOf(request));
          return {};
        } catch (error) {
          return refuse(request, reply, error);
        }
      },
    );

    app.get(
      '/.well-known/oauth-authorization-server',
      {
        config: { public: true },
        schema: { summary: 'Where and how tokens are had (RFC 8414)', tags, response: { 200: Metadata } },
      },
      async ({ client: { origin } }) => ({
        issuer: origin,
        token_endpoint: `${origin}/oauth/token`,
        device_authorization_endpoint: `${origin}/oauth/device_authorization`,
        introspection_endpoint: `${origin}/oauth/introspect`,
        revocation_endpoint: `${origin}/oauth/revoke`,
        grant_types_supported: ['client_credentials', deviceGrant, 'refresh_token'],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: [...authenticationMethods, 'none'],
        token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
        introspection_endpoint_auth_methods_supported: authenticationMethods,
        introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
        revocation_endpoint_auth_methods_supported: [...authenticationMethods, 'none'],
        revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
        dpop_signing_alg_values_supported: proofAlgorithms,
        tls_client_certificate_bound_access_tokens: true,
      }),
    );
  };
}

/** Passkeys are made for names: a browser on this machine is sent to `localhost`. */
function pageOrigin(origin: string): string {
  const url = new URL(origin);
  if (['127.0.0.1', '[::1]'].includes(url.hostname)) url.hostname = 'localhost';
  return url.origin;
}

/** For people who are shown which program asks. */
export const clientNames: Readonly<Record<string, string>> = { [publicClientId]: 'Sallyport command line' };
