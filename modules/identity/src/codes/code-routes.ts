import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { sessionIdOf } from '../sessions/session-format.ts';
import { Code } from '../sessions/sign-in-routes.ts';
import type { CodeKind } from './code-message.ts';
import type { SenderSettings } from './code-senders.ts';

const Kind = Type.Enum(['email', 'sms']);
const Address = Type.String({ minLength: 3, maxLength: 254 });
const Secret = Type.Optional(
  Type.String({ minLength: 1, maxLength: 1000, description: 'Never shown again; kept when left out' }),
);
const EmailBody = Type.Object(
  {
    enabled: Type.Boolean(),
    host: Type.String({ minLength: 1, maxLength: 253, pattern: String.raw`^[A-Za-z0-9.:-]+$` }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    tls: Type.Enum(['implicit', 'starttls', 'none'], { description: '`none` only to this machine' }),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
    password: Secret,
    from: Type.String({ minLength: 3, maxLength: 254, pattern: String.raw`^[^\s<>,;"]+@[^\s<>,;"]+$` }),
    authority: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM of an authority of your own' })),
  },
  { additionalProperties: false },
);
const SmsBody = Type.Object(
  { enabled: Type.Boolean(), url: Type.String({ minLength: 8, maxLength: 2000 }), token: Secret },
  { additionalProperties: false },
);
const Shown = Type.Object({
  email: Type.Union([
    Type.Object({
      enabled: Type.Boolean(),
      host: Type.String(),
      port: Type.Integer(),
      tls: Type.String(),
      user: Type.Union([Type.String(), Type.Null()]),
      has_password: Type.Boolean(),
      from: Type.String(),
      authority: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  sms: Type.Union([
    Type.Object({ enabled: Type.Boolean(), url: Type.String(), has_token: Type.Boolean() }),
    Type.Null(),
  ]),
});
const OwnAddress = Type.Object({ id: Type.String(), kind: Kind, address: Type.String() });

/** `/v1/authentication/codes` (how codes leave) and `/v1/account/addresses` (where one’s own go). */
export function createCodeRoutes({
  codeSenders,
  ownAddresses,
  organization,
}: Pick<PeopleServices, 'codeSenders' | 'ownAddresses' | 'organization'>): RoutePlugin {
  const shown = async (): Promise<Static<typeof Shown>> => {
    const email = await codeSenders.read('email');
    const sms = await codeSenders.read('sms');
    return {
      email: email?.kind === 'email' ? emailShown(email) : null,
      sms:
        sms?.kind === 'sms'
          ? { enabled: sms.enabled, url: sms.settings.url, has_token: sms.settings.token !== undefined }
          : null,
    };
  };

  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['authentication'];
    const manage = { scope: 'settings:manage', stepUp: true } as const;

    app.get(
      '/v1/authentication/codes',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'How codes by e-mail and SMS are sent, without secrets', tags, response: { 200: Shown } },
      },
      shown,
    );

    app.put(
      '/v1/authentication/codes/email',
      {
        config: manage,
        schema: {
          summary: 'Send codes by e-mail through this server',
          tags,
          body: EmailBody,
          response: { 200: Shown },
        },
      },
      async ({ body: { enabled, ...settings }, principal: by }) => {
        await codeSenders.change({ to: { kind: 'email', enabled, settings }, by });
        return shown();
      },
    );

    app.put(
      '/v1/authentication/codes/sms',
      {
        config: manage,
        schema: { summary: 'Send codes by SMS through this gateway', tags, body: SmsBody, response: { 200: Shown } },
      },
      async ({ body: { enabled, ...settings }, principal: by }) => {
        await codeSenders.change({ to: { kind: 'sms', enabled, settings }, by });
        return shown();
      },
    );

    app.post(
      '/v1/authentication/codes/test',
      {
        config: manage,
        schema: {
          summary: 'Send a test, also while it is off; resolves when the other side took it',
          tags,
          body: Type.Object({ kind: Kind, to: Address }, { additionalProperties: false }),
          response: { 204: Type.Null() },
        },
      },
      async ({ body }, reply) => {
        const kind: CodeKind = body.kind === 'sms' ? 'sms' : 'email';
        await codeSenders.test({ kind, to: body.to, organization: await organization.read() });
        return reply.code(204).send(null);
      },
    );

    const own = 'sessions:own';
    const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
    app.get(
      '/v1/account/addresses',
      {
        config: { scope: own },
        schema: {
          summary: 'Where codes may be sent to oneself, and by which ways new ones can be added',
          tags: ['account'],
          response: { 200: Type.Object({ addresses: Type.Array(OwnAddress), kinds: Type.Array(Kind) }) },
        },
      },
      async ({ principal }) => {
        sessionIdOf(principal);
        const { addresses, kinds } = await ownAddresses.list(principal);
        return {
          addresses: addresses.map(({ id, kind, address }) => ({ id, kind, address })),
          kinds: [...kinds],
        };
      },
    );

    app.post(
      '/v1/account/addresses',
      {
        config: { scope: own, stepUp: true },
        schema: {
          summary: 'Send a code to an address or number of one’s own, to add it',
          tags: ['account'],
          body: Type.Object({ kind: Kind, address: Address }, { additionalProperties: false }),
          response: { 201: Type.Object({ id: Type.String() }) },
        },
      },
      async ({ body, principal: by }, reply) => {
        sessionIdOf(by);
        const kind: CodeKind = body.kind === 'sms' ? 'sms' : 'email';
        return reply.code(201).send(await ownAddresses.add({ by, kind, address: body.address }));
      },
    );

    app.post(
      '/v1/account/addresses/:id/confirm',
      {
        config: { scope: own, stepUp: true },
        schema: {
          summary: 'Add it, with the code that came there',
          tags: ['account'],
          params,
          body: Type.Object({ code: Code }, { additionalProperties: false }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, body: { code }, principal: by }, reply) => {
        sessionIdOf(by);
        await ownAddresses.confirm({ by, id, code });
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/v1/account/addresses/:id',
      {
        config: { scope: own, stepUp: true },
        schema: { summary: 'Send no more codes there', tags: ['account'], params, response: { 204: Type.Null() } },
      },
      async ({ params: { id }, principal: by }, reply) => {
        sessionIdOf(by);
        await ownAddresses.remove({ by, id });
        return reply.code(204).send(null);
      },
    );
  };
}

function emailShown({ enabled, settings }: Extract<SenderSettings, { kind: 'email' }>): Static<typeof Shown>['email'] {
  const { host, port, tls, user, password, from, authority } = settings;
  return {
    enabled,
    host,
    port,
    tls,
    user: user ?? null,
    has_password: password !== undefined,
    from,
    authority: authority ?? null,
  };
}
