import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import type { FastifyReply } from 'fastify';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { Code, replyOf, SignInReply, Ticket } from '../sessions/sign-in-routes.ts';
import type { Enrolled } from './enrolment.ts';

const Base64 = Type.String({ minLength: 1, maxLength: 65_536 });
const Id = Type.String({ minLength: 1, maxLength: 2048 });

/** What a browser's `navigator.credentials.create()` gives, as JSON; more than these fields may be in it. */
export const CreatedPasskey = Type.Object({
  id: Id,
  rawId: Id,
  response: Type.Object({
    clientDataJSON: Base64,
    attestationObject: Base64,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20 })),
  }),
});

export const EnrolledReply = Type.Interface([SignInReply], {
  recovery_codes: Type.Array(Type.String(), {
    description: 'Shown only in this reply; empty for whoever keeps those they have',
  }),
});

/** As every step, and the recovery codes. */
export async function enrolledReplyOf(
  done: Enrolled,
  reply: FastifyReply,
  organization: { read(): Promise<string | undefined> },
): Promise<Static<typeof EnrolledReply>> {
  return { recovery_codes: done.recoveryCodes, ...(await replyOf(done.admitted, reply, organization)) };
}

/** `POST /v1/enrolment/…`: the first second factor. Public: the ticket says who. */
export function createEnrolmentRoutes(services: Pick<PeopleServices, 'enrolment' | 'organization'>): RoutePlugin {
  const { enrolment: enrolments, organization } = services;
  const enrolled = (done: Enrolled, reply: FastifyReply): Promise<Static<typeof EnrolledReply>> =>
    enrolledReplyOf(done, reply, organization);

  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { public: true } as const;
    const tags = ['enrolment'];
    const TicketBody = Type.Object({ enrolment: Ticket }, { additionalProperties: false });

    app.post(
      '/v1/enrolment/totp',
      {
        config,
        schema: {
          summary: 'Begin with an app for one-time codes',
          tags,
          body: TicketBody,
          response: { 200: Type.Object({ secret: Type.String(), uri: Type.String() }) },
        },
      },
      async (request) => enrolments.beginTotp(request.body),
    );

    app.post(
      '/v1/enrolment/totp/confirm',
      {
        config,
        schema: {
          summary: 'Confirm the app with one of its codes, and be signed in',
          tags,
          body: Type.Object({ enrolment: Ticket, code: Code }, { additionalProperties: false }),
          response: { 200: EnrolledReply },
        },
      },
      async (request, reply) =>
        enrolled(await enrolments.confirmTotp({ ...request.body, client: request.client }), reply),
    );

    app.post(
      '/v1/enrolment/passkey/options',
      {
        config,
        schema: {
          summary: 'Begin with a passkey',
          tags,
          body: TicketBody,
          response: { 200: Type.Unknown({ description: 'PublicKeyCredentialCreationOptionsJSON' }) },
        },
      },
      async (request) => enrolments.passkeyOptions({ ...request.body, client: request.client }),
    );

    app.post(
      '/v1/enrolment/passkey',
      {
        config,
        schema: {
          summary: 'Keep the passkey that was made, and be signed in',
          tags,
          body: Type.Object(
            {
              enrolment: Ticket,
              response: CreatedPasskey,
              label: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
            },
            { additionalProperties: false },
          ),
          response: { 200: EnrolledReply },
        },
      },
      async (request, reply) =>
        enrolled(await enrolments.confirmPasskey({ ...request.body, client: request.client }), reply),
    );
  };
}
