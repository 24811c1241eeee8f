import { replyOf, SignInReply } from '@sallyport/identity';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { ProviderError } from './errors.ts';
import type { SignInProviders } from './sign-in-providers.ts';
import { isInTrouble } from './provider-checks.ts';
import { providerLimits } from './provider.ts';
import { TrialReply, trialReply } from './trial-reply.ts';
import type { Returned } from './sign-in-flow.ts';

const Id = Type.String({ minLength: 1, maxLength: 64 });
/** Whoever may be anybody: enough for a room full of people behind one address. */
const addressRate = { perSecond: 2, burst: 40 } as const;
const maxFormBytes = 40_000;

const Came = Type.Object({
  ...SignInReply.properties,
  return_to: Type.Optional(Type.String({ description: 'A path of this console' })),
  linked: Type.Optional(Type.Object({ provider: Type.String(), name: Type.String() })),
  trial: Type.Optional(TrialReply),
});

/** What browsers, apps and providers bring to the door. Public: whoever comes has nothing yet but what they bring. */
export function createArrivalRoutes(
  { providers, flow }: Pick<SignInProviders, 'providers' | 'flow'>,
  { organization }: { readonly organization: { read(): Promise<string | undefined> } },
): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['sign-in'];
    const config = { public: true, addressRate } as const;

    app.get(
      '/v1/session/providers',
      {
        config: { public: true },
        schema: {
          summary: 'With which providers one can sign in here',
          tags,
          response: {
            200: Type.Object({
              providers: Type.Array(
                Type.Object({
                  id: Type.String(),
                  name: Type.String(),
                  preset: Type.String(),
                  in_trouble: Type.Boolean({ description: 'It did not answer when it was asked last' }),
                }),
              ),
            }),
          },
        },
      },
      async () => {
        const all = await providers.list();
        return {
          providers: all
            .filter(({ settings }) => settings.isEnabled && settings.kind === 'oidc')
            .map((one) => ({
              id: one.id,
              name: one.settings.name,
              preset: one.settings.preset,
              in_trouble: isInTrouble(one),
            })),
        };
      },
    );

    app.post(
      '/v1/session/providers/:id',
      {
        config,
        schema: {
          summary: 'Begin to sign in with a provider: the address to go to, in this browser, within ten minutes',
          tags,
          params: Type.Object({ id: Id }),
          body: Type.Object(
            { return_to: Type.Optional(Type.String({ maxLength: 500, description: 'A path of this console' })) },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ url: Type.String() }) },
        },
      },
      async ({ params: { id }, body, client }, reply) => {
        const asked = { providerId: id, purpose: { kind: 'sign-in' }, returnPath: body.return_to, client } as const;
        const { url, attempt } = await flow.depart(asked);
        reply.keepSignInAttempt(attempt, providerLimits.attemptMs / 1000);
        return { url };
      },
    );

    app.post(
      '/v1/session/provider',
      {
        config,
        schema: {
          summary:
            'Come back from a provider, in the browser that went, with what stands behind the "?" of the address',
          tags,
          body: Type.Object(
            { provider: Id, query: Type.String({ minLength: 1, maxLength: 8000 }) },
            { additionalProperties: false },
          ),
          response: { 200: Came },
        },
      },
      async (request, reply) => {
        const { body, client } = request;
        const attempt = request.signInAttempt();
        const returned = await flow.return({ providerId: body.provider, query: body.query, attempt, client });
        const answer = await cameBack(returned);
        // After the session: beginning one takes every other cookie of this reply back.
        reply.keepSignInAttempt(undefined);
        return answer;

        async function cameBack(came: Returned): Promise<Static<typeof Came>> {
          switch (came.kind) {
            case 'sign-in':
              return { ...(await replyOf(came.admitted, reply, organization)), return_to: came.returnPath };
            case 'link':
              return { linked: { provider: came.provider.settings.name, name: came.link.name } };
            case 'trial':
              return { trial: trialReply(came) };
          }
        }
      },
    );

    app.post(
      '/v1/session/id-token',
      {
        config,
        schema: {
          summary: 'Sign in with an ID token an app got from Firebase, minutes after the sign-in there; once',
          tags,
          body: Type.Object(
            { provider: Id, id_token: Type.String({ minLength: 1, maxLength: 32_768 }) },
            { additionalProperties: false },
          ),
          response: { 200: SignInReply },
        },
      },
      async ({ body, client }, reply) =>
        replyOf(
          await flow.withIdToken({ providerId: body.provider, token: body.id_token, client }),
          reply,
          organization,
        ),
    );

    // As the specification has it; of this plugin alone.
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, { logout_token: new URLSearchParams(String(body)).get('logout_token') ?? '' });
    });
    app.post(
      '/v1/providers/:id/logout',
      {
        config: { ...config, bodyLimitBytes: maxFormBytes },
        schema: {
          summary: 'OpenID Connect Back-Channel Logout 1.0: the provider tells that somebody signed out there',
          tags: ['providers'],
          consumes: ['application/x-www-form-urlencoded'],
          params: Type.Object({ id: Id }),
          body: Type.Object({ logout_token: Type.String({ maxLength: 32_768 }) }),
          response: { 200: Type.Object({}) },
        },
      },
      async ({ params: { id }, body }) => {
        if (body.logout_token === '')
          throw new ProviderError('logout_token_refused', 'Cannot read the logout token: the form must have one');
        await flow.backChannelLogout({ providerId: id, token: body.logout_token });
        return {};
      },
    );
  };
}
