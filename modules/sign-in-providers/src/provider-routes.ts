import { typedApp, type Client, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { CheckStep } from './provider-checks.ts';
import type { SignInProviders } from './sign-in-providers.ts';
import { providerLimits, type Provider } from './provider.ts';
import { ChangedBody, freshSettings, MadeBody, settingsOf, Shown, shown } from './schema.ts';
import { warningWords } from './settings.ts';
import { purposeOf } from './sign-in-flow.ts';

const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const Step = Type.Object({
  name: Type.Enum(['metadata', 'keys', 'logout', 'client']),
  state: Type.Enum(['good', 'noted', 'failed']),
  words: Type.String(),
});

/** `/v1/providers`: who else may say who somebody is. */
export function createProviderRoutes({ providers, flow, checks }: SignInProviders): RoutePlugin {
  const show = (provider: Provider, client: Client) =>
    shown(
      provider,
      client.linkOrigin,
      providers.warnings(provider.settings).map((code) => ({ code, words: warningWords[code] })),
    );
  /** Only for who is signed in: an answer must find the browser that asked. */
  const depart = async (
    kind: 'link' | 'trial',
    id: string,
    request: { readonly principal: Principal; readonly client: Client },
    reply: { keepSignInAttempt(sealed: string, maxAgeSeconds: number): void },
  ): Promise<string> => {
    const { principal, client } = request;
    const purpose = purposeOf(kind, principal);
    const { url, attempt } = await flow.depart({ providerId: id, purpose, returnPath: undefined, client });
    reply.keepSignInAttempt(attempt, providerLimits.attemptMs / 1000);
    return url;
  };

  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['providers'];

    app.get(
      '/v1/providers',
      {
        config: { scope: 'settings:read' },
        schema: {
          summary: 'Sign-in providers, with what to enter there and how they are',
          tags,
          response: { 200: Type.Object({ providers: Type.Array(Shown) }) },
        },
      },
      async ({ client }) => ({ providers: (await providers.list()).map((one) => show(one, client)) }),
    );

    app.post(
      '/v1/providers',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Add a provider; it is not offered before it is enabled',
          tags,
          body: MadeBody,
          response: { 201: Shown },
        },
      },
      async ({ body, principal: by, client }, reply) => {
        const { kind, client_secret: secret, accept = [], ...asked } = body;
        const settings = { ...freshSettings(kind), ...settingsOf(asked) };
        return reply.code(201).send(show(await providers.create({ settings, secret, accept, by }), client));
      },
    );

    app.patch(
      '/v1/providers/:id',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary:
            'Change a provider. Switching it off, or another issuer or client, ends its sessions and takes its roles back',
          tags,
          params,
          body: ChangedBody,
          response: { 200: Shown },
        },
      },
      async ({ params: { id }, body, principal: by, client }) => {
        const { client_secret: secret, accept = [], ...asked } = body;
        return show(await providers.change({ id, settings: settingsOf(asked), secret, accept, by }), client);
      },
    );

    app.delete(
      '/v1/providers/:id',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Remove a provider, with its links, roles and sessions; people stay',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal: by }, reply) => {
        await providers.remove({ id, by });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/providers/:id/key',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Make a new key to sign requests to it with; the one before stays published beside it',
          tags,
          params,
          response: { 200: Shown },
        },
      },
      async ({ params: { id }, principal: by, client }) => show(await providers.rotateKey({ id, by }), client),
    );

    app.post(
      '/v1/providers/:id/test',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary:
            'Look at what it says of itself and at its keys; then the way to a trial sign-in, which makes no session',
          tags,
          params,
          response: {
            200: Type.Object({ steps: Type.Array(Step), url: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const provider = await providers.get(id);
        const steps = await checks.look(provider);
        const canGo = provider.settings.kind === 'oidc' && request.principal.kind === 'user' && isSound(steps);
        return {
          steps: steps.map((step) => ({ ...step })),
          url: canGo ? await depart('trial', id, request, reply) : null,
        };
      },
    );

    app.post(
      '/v1/providers/:id/link',
      {
        config: { scope: 'sessions:own', stepUp: true },
        schema: {
          summary: 'Begin to link one’s own account there: the address to go to, in this browser',
          tags,
          params,
          response: { 200: Type.Object({ url: Type.String() }) },
        },
      },
      async (request, reply) => ({ url: await depart('link', request.params.id, request, reply) }),
    );

    app.get(
      '/v1/providers/:id/jwks',
      {
        config: { public: true },
        schema: {
          summary: 'The public half of our keys, for the provider',
          tags,
          params,
          response: { 200: Type.Object({ keys: Type.Array(Type.Unknown()) }) },
        },
      },
      async ({ params: { id } }) => ({ keys: (await providers.get(id)).keys.map(({ publicJwk }) => publicJwk) }),
    );
  };
}

function isSound(steps: readonly CheckStep[]): boolean {
  return steps.every(({ state }) => state !== 'failed');
}
