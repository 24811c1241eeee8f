import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import type { FastifyReply } from 'fastify';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { Me, meOf } from './session-format.ts';
import type { BegunSession } from './sessions.ts';

export const Ticket = Type.String({ minLength: 1, maxLength: 100 });
export const Code = Type.String({ minLength: 1, maxLength: 64 });
export const Password = Type.String({ minLength: 1, maxLength: 256 });
const Base64 = Type.String({ minLength: 1, maxLength: 65_536 });
const Id = Type.String({ minLength: 1, maxLength: 2048 });

/** What a browser's `navigator.credentials.get()` gives, as JSON; more than these fields may be in it. */
export const PasskeyResponse = Type.Object({
  id: Id,
  rawId: Id,
  response: Type.Object({
    clientDataJSON: Base64,
    authenticatorData: Base64,
    signature: Base64,
    userHandle: Type.Optional(Type.String({ maxLength: 2048 })),
  }),
});

const SignedIn = Type.Object({ session: Me });

/** `POST /v1/session…`: signing in. Public, since whoever calls has nothing yet. */
export function createSignInRoutes(services: Pick<PeopleServices, 'signIn' | 'organization'>): RoutePlugin {
  const { signIn, organization } = services;
  const signedIn = async (begun: BegunSession, reply: FastifyReply): Promise<Static<typeof SignedIn>> => {
    reply.beginSession(begun.token);
    return { session: meOf(begun.principal, begun.session, await organization.read()) };
  };

  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { public: true } as const;
    const tags = ['sign-in'];

    app.post(
      '/v1/session',
      {
        config,
        schema: {
          summary: 'Sign in with name and password; a second factor comes next',
          tags,
          body: Type.Object(
            { name: Type.String({ minLength: 1, maxLength: 256 }), password: Password },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              step: Type.Union([Type.Literal('second-factor'), Type.Literal('enrol')]),
              ticket: Type.Optional(Ticket),
              methods: Type.Optional(
                Type.Array(Type.Union([Type.Literal('totp'), Type.Literal('passkey'), Type.Literal('recovery')])),
              ),
              enrolment: Type.Optional(Ticket),
            }),
          },
        },
      },
      async (request) => signIn.withPassword({ ...request.body, client: request.client }),
    );

    for (const kind of ['totp', 'recovery'] as const) {
      app.post(
        `/v1/session/${kind}`,
        {
          config,
          schema: {
            summary:
              kind === 'totp' ? 'Go on with a code of the app' : 'Go on with a recovery code, which is then used up',
            tags,
            body: Type.Object({ ticket: Ticket, code: Code }, { additionalProperties: false }),
            response: { 200: SignedIn },
          },
        },
        async (request, reply) =>
          signedIn(await signIn.withCode({ kind, ...request.body, client: request.client }), reply),
      );
    }

    app.post(
      '/v1/session/passkey/options',
      {
        config,
        schema: {
          summary: 'Begin with a passkey: after the password with its ticket, or instead of it',
          tags,
          body: Type.Object({ ticket: Type.Optional(Ticket) }, { additionalProperties: false }),
          response: { 200: Type.Unknown({ description: 'PublicKeyCredentialRequestOptionsJSON' }) },
        },
      },
      async (request) => signIn.passkeyOptions({ ...request.body, client: request.client }),
    );

    app.post(
      '/v1/session/passkey',
      {
        config,
        schema: {
          summary: 'Sign in with the passkey’s answer',
          tags,
          body: Type.Object(
            { ticket: Type.Optional(Ticket), response: PasskeyResponse },
            { additionalProperties: false },
          ),
          response: { 200: SignedIn },
        },
      },
      async (request, reply) => signedIn(await signIn.withPasskey({ ...request.body, client: request.client }), reply),
    );
  };
}
