import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import type { FastifyReply } from 'fastify';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { isoTime, Me, meOf } from './session-format.ts';
import type { Admitted } from '../admission/admission.ts';

export const Ticket = Type.String({ minLength: 1, maxLength: 100 });
export const Code = Type.String({ minLength: 1, maxLength: 64 });
export const Password = Type.String({ minLength: 1, maxLength: 256 });
const codeSummaries = {
  totp: 'Go on with a code of the app',
  recovery: 'Go on with a recovery code, which is then used up',
  code: 'Go on with the code that was sent by e-mail or SMS',
} as const;
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

/** Either a session or the step that comes before it. */
export const SignInReply = Type.Object({
  session: Type.Optional(Me),
  offer: Type.Optional(
    Type.Object({
      factor: Type.Literal('passkey'),
      from: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
        description: 'When it will be required; null when it is only better',
      }),
    }),
  ),
  step: Type.Optional(Type.Union([Type.Literal('second-factor'), Type.Literal('enrol')])),
  ticket: Type.Optional(Ticket),
  methods: Type.Optional(
    Type.Array(Type.Enum(['totp', 'passkey', 'certificate', 'recovery', 'code']), {
      description: 'To go on with, or to enrol; the best first',
    }),
  ),
  enrolment: Type.Optional(Ticket),
  reason: Type.Optional(
    Type.Enum(['no-second-factor', 'stronger-required', 'factor-lost'], {
      description: 'Why something is to be enrolled',
    }),
  ),
});

/** What admission said, for the one who asked; with a session, the cookie. */
export async function replyOf(
  admitted: Admitted,
  reply: FastifyReply,
  organization: { read(): Promise<string | undefined> },
): Promise<Static<typeof SignInReply>> {
  if (!('begun' in admitted)) return { ...admitted, methods: [...admitted.methods] };
  const { begun, offer } = admitted;
  reply.beginSession(begun.token);
  const session = meOf(begun.principal, begun.session, await organization.read());
  if (offer === undefined) return { session };
  return { session, offer: { factor: offer.factor, from: offer.fromMs === undefined ? null : isoTime(offer.fromMs) } };
}

/** `POST /v1/session…`: signing in. Public, since whoever calls has nothing yet. */
export function createSignInRoutes(services: Pick<PeopleServices, 'signIn' | 'organization'>): RoutePlugin {
  const { signIn, organization } = services;
  const answer = (admitted: Admitted, reply: FastifyReply): Promise<Static<typeof SignInReply>> =>
    replyOf(admitted, reply, organization);

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
            200: SignInReply,
          },
        },
      },
      async (request, reply) => answer(await signIn.withPassword({ ...request.body, client: request.client }), reply),
    );

    app.post(
      '/v1/session/code/send',
      {
        config,
        schema: {
          summary: 'Have a code sent by e-mail or SMS, where the account may use one; it is good for this ticket alone',
          tags,
          body: Type.Object({ ticket: Ticket }, { additionalProperties: false }),
          response: {
            200: Type.Object({
              kind: Type.Enum(['email', 'sms']),
              sent_to: Type.String({ description: 'In part' }),
            }),
          },
        },
      },
      async (request) => {
        const { kind, sentTo } = await signIn.sendCode({ ...request.body, client: request.client });
        return { kind, sent_to: sentTo };
      },
    );

    for (const kind of ['totp', 'recovery', 'code'] as const) {
      app.post(
        `/v1/session/${kind}`,
        {
          config,
          schema: {
            summary: codeSummaries[kind],
            tags,
            body: Type.Object({ ticket: Ticket, code: Code }, { additionalProperties: false }),
            response: { 200: SignInReply },
          },
        },
        async (request, reply) =>
          answer(await signIn.withCode({ kind, ...request.body, client: request.client }), reply),
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
          response: { 200: SignInReply },
        },
      },
      async (request, reply) => answer(await signIn.withPasskey({ ...request.body, client: request.client }), reply),
    );
  };
}
