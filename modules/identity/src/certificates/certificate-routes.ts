import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { EnrolledReply, enrolledReplyOf } from '../factors/enrolment-routes.ts';
import { replyOf, SignInReply, Ticket } from '../sessions/sign-in-routes.ts';

/** Whoever may be anybody: enough for a room full of people behind one address. */
const addressRate = { perSecond: 2, burst: 40 } as const;
const attemptSeconds = 300;
const Sealed = Type.String({ minLength: 1, maxLength: 20_000 });
const Label = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: String.raw`^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$`,
});
const Departure = { 200: Type.Object({ url: Type.String({ description: 'For this browser, within five minutes' }) }) };
const Back = Type.Object({ ticket: Sealed }, { additionalProperties: false });
const ReturnTo = Type.Optional(
  Type.String({
    maxLength: 500,
    pattern: String.raw`^/(?![/\\])[\x21-\x5b\x5d-\x7e]*$`,
    description: 'A path of this console',
  }),
);

/**
 * Certificates of people. Going to the door and coming back, for whatever it is for: what comes back counts in the browser that
 * went, once.
 */
export function createCertificateRoutes(
  services: Pick<PeopleServices, 'certificateFlow' | 'organization'>,
): RoutePlugin {
  const { certificateFlow: flow, organization } = services;
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['sign-in'];
    const open = { public: true, addressRate } as const;
    const own = { scope: 'sessions:own' } as const;

    app.get(
      '/v1/session/certificate',
      {
        config: { public: true, addressRate: { perSecond: 10, burst: 60 } },
        schema: {
          summary: 'Whether one can sign in here with a certificate or smart card',
          tags,
          response: { 200: Type.Object({ offered: Type.Boolean() }) },
        },
      },
      async ({ client }) => ({ offered: await flow.isOffered(client) }),
    );

    app.post(
      '/v1/session/certificate/begin',
      {
        config: open,
        schema: {
          summary: 'Begin to sign in with a certificate, or go on with one: the address to go to, in this browser',
          tags,
          body: Type.Object({ ticket: Type.Optional(Ticket), return_to: ReturnTo }, { additionalProperties: false }),
          response: Departure,
        },
      },
      async ({ body, client }, reply) => {
        const asked = { ticket: body.ticket, returnPath: body.return_to ?? '/', client };
        const { url, attempt } = await flow.departToSignIn(asked);
        reply.keepSignInAttempt(attempt, attemptSeconds);
        return { url };
      },
    );

    app.get(
      '/v1/certificate-door',
      {
        config: open,
        schema: {
          summary: 'Where browsers are asked for a certificate; leads back to the console with a ticket behind the "#"',
          tags,
          querystring: Type.Object({ errand: Type.String({ minLength: 1, maxLength: 2000 }) }),
          response: { 303: Type.Null() },
        },
      },
      async (request, reply) => {
        const { errand } = request.query;
        const attempt = request.signInAttempt();
        const location = flow.pass({ errand, attempt, presented: request.presented });
        // Whoever comes next over this connection has proved nothing.
        return reply.code(303).header('location', location).header('connection', 'close').send(null);
      },
    );

    app.post(
      '/v1/session/certificate',
      {
        config: open,
        schema: {
          summary: 'Sign in with what the door gave, in the browser that went there',
          tags,
          body: Back,
          response: { 200: Type.Interface([SignInReply], { return_to: Type.String() }) },
        },
      },
      async (request, reply) => {
        const brought = { ...request.body, attempt: request.signInAttempt(), client: request.client };
        const { admitted, returnPath } = await flow.signIn(brought);
        const answer = { ...(await replyOf(admitted, reply, organization)), return_to: returnPath };
        // After the session: beginning one takes every other cookie of this reply back.
        reply.keepSignInAttempt(undefined);
        return answer;
      },
    );

    app.post(
      '/v1/session/step-up/certificate/begin',
      {
        config: { ...own, keyProof: true },
        schema: {
          summary: 'Begin to prove with a certificate who one is: the address to go to, in this browser',
          tags: ['sessions'],
          body: Type.Object({ return_to: ReturnTo }, { additionalProperties: false }),
          response: Departure,
        },
      },
      async ({ body, client, principal: by }, reply) => {
        const { url, attempt } = await flow.departToProve({ by, returnPath: body.return_to ?? '/', client });
        reply.keepSignInAttempt(attempt, attemptSeconds);
        return { url };
      },
    );

    app.post(
      '/v1/session/step-up/certificate',
      {
        config: { ...own, keyProof: true },
        schema: {
          summary: 'Prove it with what the door gave; the cookie changes',
          tags: ['sessions'],
          body: Back,
          response: { 200: Type.Object({ return_to: Type.String() }) },
        },
      },
      async (request, reply) => {
        const { client, principal: by } = request;
        const brought = { ...request.body, attempt: request.signInAttempt(), client, by };
        const { token, returnPath } = await flow.prove(brought);
        reply.beginSession(token);
        reply.keepSignInAttempt(undefined);
        return { return_to: returnPath };
      },
    );

    app.post(
      '/v1/enrolment/certificate/begin',
      {
        config: open,
        schema: {
          summary: 'Begin to enrol with a certificate or smart card: the address to go to, in this browser',
          tags: ['enrolment'],
          body: Type.Object({ enrolment: Ticket, label: Type.Optional(Label) }, { additionalProperties: false }),
          response: Departure,
        },
      },
      async ({ body: { enrolment, label = 'Smart card' }, client }, reply) => {
        const { url, attempt } = await flow.departToEnrol({ enrolment, label, client });
        reply.keepSignInAttempt(attempt, attemptSeconds);
        return { url };
      },
    );

    app.post(
      '/v1/enrolment/certificate',
      {
        config: open,
        schema: {
          summary: 'Bind the certificate that the door was shown, and be signed in',
          tags: ['enrolment'],
          body: Back,
          response: { 200: EnrolledReply },
        },
      },
      async (request, reply) => {
        const brought = { ...request.body, attempt: request.signInAttempt(), client: request.client };
        const answer = await enrolledReplyOf(await flow.enrol(brought), reply, organization);
        reply.keepSignInAttempt(undefined);
        return answer;
      },
    );

    app.post(
      '/v1/account/certificates/begin',
      {
        config: { ...own, stepUp: true },
        schema: {
          summary: 'Begin to bind one’s own certificate: the address to go to, in this browser',
          tags: ['account'],
          body: Type.Object({ label: Label }, { additionalProperties: false }),
          response: Departure,
        },
      },
      async ({ body, client, principal: by }, reply) => {
        const { url, attempt } = await flow.departToBind({ by, label: body.label, client });
        reply.keepSignInAttempt(attempt, attemptSeconds);
        return { url };
      },
    );

    app.post(
      '/v1/account/certificates',
      {
        config: { ...own, stepUp: true },
        schema: {
          summary: 'Bind the certificate that the door was shown',
          tags: ['account'],
          body: Back,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { client, principal: by } = request;
        await flow.bind({ ...request.body, attempt: request.signInAttempt(), client, by });
        reply.keepSignInAttempt(undefined);
        return reply.code(204).send(null);
      },
    );
  };
}
