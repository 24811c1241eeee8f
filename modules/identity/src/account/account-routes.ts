import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { CertificateFacts, certificateFacts } from '../certificates/certificate-format.ts';
import { CreatedPasskey } from '../factors/enrolment-routes.ts';
import type { PeopleServices } from '../people/create-people.ts';
import { isoTime, sessionIdOf } from '../sessions/session-format.ts';
import { Code, Password } from '../sessions/sign-in-routes.ts';
import { PasskeyFacts, passkeyFacts } from '../factors/passkey-rules-routes.ts';
import type { OwnFactor } from './own-factors.ts';

const Time = Type.String({ format: 'date-time' });
const Label = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: String.raw`^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$`,
});
const Factor = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['totp', 'passkey', 'certificate']),
  label: Type.String(),
  created_at: Time,
  host_name: Type.Union([Type.String(), Type.Null()], { description: 'The only host name a passkey is good for' }),
  passkey: Type.Union([PasskeyFacts, Type.Null()]),
  certificate: Type.Union([CertificateFacts, Type.Null()]),
});
const Account = Type.Object({
  factors: Type.Array(Factor),
  recovery_codes_left: Type.Integer(),
  password_changed_at: Type.Union([Time, Type.Null()]),
});

/** `/v1/account`: what people do about themselves. */
export function createAccountRoutes({
  ownFactors: factors,
  ownPassword,
}: Pick<PeopleServices, 'ownFactors' | 'ownPassword'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const scope = 'sessions:own';
    const tags = ['account'];
    const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 256 }) });
    const response = { 204: Type.Null() };
    // Keys and the operator have no account: they are told so before anything is looked up.
    app.addHook('preHandler', async (request) => void sessionIdOf(request.principal));

    app.get(
      '/v1/account',
      {
        config: { scope },
        schema: { summary: 'One’s own factors and how many recovery codes are left', tags, response: { 200: Account } },
      },
      async ({ principal }) => {
        const changedAtMs = await ownPassword.changedAtMs(principal);
        return {
          factors: (await factors.list(principal)).map(shown),
          recovery_codes_left: await factors.recoveryCodesLeft(principal),
          password_changed_at: changedAtMs === undefined ? null : isoTime(changedAtMs),
        };
      },
    );

    app.put(
      '/v1/account/password',
      {
        config: { scope, stepUp: true },
        schema: {
          summary: 'Change one’s own password; every other session ends',
          tags,
          body: Type.Object({ current: Password, password: Password }, { additionalProperties: false }),
          response: { 200: Type.Object({ ended_sessions: Type.Integer() }) },
        },
      },
      async (request, reply) => {
        const { principal: by, client, body } = request;
        const { token, endedSessions } = await ownPassword.change({ ...body, by, client });
        reply.beginSession(token);
        return { ended_sessions: endedSessions };
      },
    );

    app.post(
      '/v1/account/totp',
      {
        config: { scope, stepUp: true },
        schema: {
          summary: 'Begin with another app for one-time codes',
          tags,
          response: { 200: Type.Object({ secret: Type.String(), uri: Type.String() }) },
        },
      },
      async ({ principal }) => factors.beginTotp(principal),
    );

    app.post(
      '/v1/account/totp/confirm',
      {
        config: { scope, stepUp: true },
        schema: {
          summary: 'Keep the app, with one of its codes',
          tags,
          body: Type.Object({ code: Code, label: Label }, { additionalProperties: false }),
          response,
        },
      },
      async (request, reply) => {
        await factors.confirmTotp({ ...request.body, by: request.principal });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/account/passkeys/options',
      {
        config: { scope, stepUp: true },
        schema: {
          summary: 'Begin with another passkey',
          tags,
          response: { 200: Type.Unknown({ description: 'PublicKeyCredentialCreationOptionsJSON' }) },
        },
      },
      async ({ principal: by, client }) => factors.passkeyOptions({ by, client }),
    );

    app.post(
      '/v1/account/passkeys',
      {
        config: { scope, stepUp: true },
        schema: {
          summary: 'Keep the passkey that was made',
          tags,
          body: Type.Object({ response: CreatedPasskey, label: Label }, { additionalProperties: false }),
          response,
        },
      },
      async (request, reply) => {
        const { principal: by, client, body } = request;
        await factors.addPasskey({ ...body, by, client });
        return reply.code(204).send(null);
      },
    );

    app.patch(
      '/v1/account/factors/:id',
      {
        config: { scope },
        schema: {
          summary: 'Rename one of one’s own factors',
          tags,
          params,
          body: Type.Object({ label: Label }, { additionalProperties: false }),
          response,
        },
      },
      async (request, reply) => {
        await factors.rename({ ...request.params, ...request.body, by: request.principal });
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/v1/account/factors/:id',
      {
        config: { scope, stepUp: true },
        schema: { summary: 'Remove one of one’s own factors, never the last', tags, params, response },
      },
      async (request, reply) => {
        await factors.remove({ ...request.params, by: request.principal });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/account/recovery-codes',
      {
        config: { scope, stepUp: true },
        schema: {
          summary: 'New recovery codes in place of the old, shown only in this reply',
          tags,
          response: { 200: Type.Object({ recovery_codes: Type.Array(Type.String()) }) },
        },
      },
      async ({ principal }) => ({ recovery_codes: [...(await factors.renewRecoveryCodes(principal))] }),
    );
  };
}

function shown({ id, kind, label, createdAtMs, hostName, passkey, certificate }: OwnFactor): Static<typeof Factor> {
  return {
    id,
    kind,
    label,
    created_at: isoTime(createdAtMs),
    host_name: hostName ?? null,
    passkey: passkey === undefined ? null : passkeyFacts(passkey),
    certificate: certificate === undefined ? null : certificateFacts(certificate),
  };
}
