import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { MachineAccessError } from '../errors.ts';
import { clientNames } from '../oauth/oauth-routes.ts';
import type { DeviceLogins } from './device-logins.ts';

const params = Type.Object({ code: Type.String({ minLength: 1, maxLength: 64 }) });

/** What a person says to a program that asks to be let in (RFC 8628 section 3.3), and the programs they let in. */
export function createLoginRoutes(logins: DeviceLogins): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'sessions:own' };
    const tags = ['sign-in by device'];

    app.get(
      '/v1/device-logins/:code',
      {
        config,
        schema: {
          summary: 'What the program that shows this code asks for',
          tags,
          params,
          response: {
            200: Type.Object({
              client: Type.String(),
              scopes: Type.Array(Type.String(), { description: 'Of what it asks for, what you may do' }),
              beyond: Type.Array(Type.String(), {
                description: 'What it asks for and you may not do: it does not get it',
              }),
              address: Type.String(),
              agent: Type.String({ description: 'As the program says; nobody has checked it' }),
              isHere: Type.Boolean({ description: 'It asks from the address you come from' }),
              createdAtMs: Type.Integer(),
              expiresAtMs: Type.Integer(),
            }),
          },
        },
      },
      async ({ params: { code }, principal, client }) => {
        requireBrowser(principal);
        const asked = await logins.look({ userCode: code, by: principal, client });
        const wanted = asked.scopes ?? principal.scopes;
        return {
          client: clientNames[asked.clientId] ?? asked.clientId,
          scopes: wanted.filter((scope) => principal.scopes.includes(scope)),
          beyond: wanted.filter((scope) => !principal.scopes.includes(scope)),
          address: asked.address,
          agent: asked.agent,
          isHere: asked.address === client.address,
          createdAtMs: asked.createdAtMs,
          expiresAtMs: asked.expiresAtMs,
        };
      },
    );

    app.post(
      '/v1/device-logins/:code/approve',
      {
        config: { ...config, stepUp: true },
        schema: {
          summary: 'Let the program in, as yourself; with `scopes` for no more than these',
          tags,
          params,
          body: Type.Object(
            { scopes: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 100 })) },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { code }, body: { scopes }, principal, client }, reply) => {
        requireBrowser(principal);
        await logins.decide({
          userCode: code,
          approve: true,
          by: principal,
          client,
          ...(scopes === undefined ? {} : { scopes: scopes.filter((scope) => principal.scopes.includes(scope)) }),
        });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/device-logins/:code/deny',
      { config, schema: { summary: 'Do not let the program in', tags, params, response: { 204: Type.Null() } } },
      async ({ params: { code }, principal, client }, reply) => {
        requireBrowser(principal);
        await logins.decide({ userCode: code, approve: false, by: principal, client });
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/v1/token-logins',
      {
        config,
        schema: {
          summary: 'Programs you let in, newest first',
          tags,
          response: {
            200: Type.Object({
              logins: Type.Array(
                Type.Object({
                  id: Type.String(),
                  client: Type.String(),
                  scopes: Type.Optional(Type.Array(Type.String(), { description: 'All that you may do when missing' })),
                  address: Type.String(),
                  agent: Type.String(),
                  createdAtMs: Type.Integer(),
                  expiresAtMs: Type.Integer(),
                  lastUsedAtMs: Type.Optional(Type.Integer()),
                }),
              ),
            }),
          },
        },
      },
      async ({ principal }) => ({
        logins: (await logins.list(principal.id)).map(
          ({ id, clientId, scopes, client, createdAtMs, expiresAtMs, lastUsedAtMs }) => ({
            id,
            client: clientNames[clientId] ?? clientId,
            ...client,
            createdAtMs,
            expiresAtMs,
            ...(scopes === undefined ? {} : { scopes: [...scopes] }),
            ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }),
          }),
        ),
      }),
    );

    app.delete(
      '/v1/token-logins/:id',
      {
        config,
        schema: {
          summary: 'End a sign-in of a program; somebody else’s needs users:manage',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal }, reply) => {
        await logins.end({ id, by: principal, anybodys: principal.scopes.includes('users:manage') });
        return reply.code(204).send(null);
      },
    );
  };
}

/** Who comes with a token, a key or over the operator's socket is no person before a browser: a program could let itself in again. */
function requireBrowser(principal: Principal): void {
  if (principal.kind === 'user' && principal.sessionId !== undefined && principal.tokenId === undefined) return;
  throw new MachineAccessError(
    'user_code_unknown',
    'Cannot let a program in: must be a person who is signed in with a browser',
  );
}
