import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { ShownSealedPasskey } from './break-glass-passkeys.ts';
import type { BreakGlassAccount } from './break-glass-store.ts';
import { CreatedPasskey, PasskeyAnswer } from './passkey-schema.ts';
import type { Privileges } from './privileges.ts';
import { privilegeLimits } from './request.ts';
import { params } from './schema.ts';

const code = Type.String({ minLength: 1, maxLength: 100 });
const Codes = Type.Object({
  first: Type.String({ description: 'For the first envelope; told once' }),
  second: Type.String({ description: 'For the second envelope; told once' }),
});
const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Instant = Type.String({ format: 'date-time' });
const ShownPasskey = Type.Object({
  id: Type.String(),
  label: Type.String(),
  host_name: Type.String({ description: 'The only name of this server it is good for' }),
  added_at: Instant,
  last_used_at: Maybe(Instant),
  model: Maybe(Type.String()),
  attested: Type.Boolean({ description: 'Its make is proved; otherwise it is what it says of itself' }),
  synced: Maybe(Type.Boolean({ description: 'It can be copied to other devices' })),
  refused_because: Maybe(
    Type.String({ description: 'The rules for passkeys would not let it be added now; it opens all the same' }),
  ),
});
const proof = {
  first: code,
  second: Type.Optional(Type.String({ maxLength: 100, description: 'Not needed beside a passkey' })),
  passkey: Type.Optional(PasskeyAnswer),
};
const Account = Type.Object({
  id: Type.String(),
  label: Type.String(),
  state: Type.Enum(['sealed', 'opened', 'retired']),
  created_at: Type.String({ format: 'date-time' }),
  sealed_at: Type.String({ format: 'date-time' }),
  opened_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  drilled_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  drill_due_at: Type.String({ format: 'date-time' }),
  needs_passkey: Type.Boolean({
    description: 'Its codes open it with one of its passkeys only; otherwise any two of codes and passkey do',
  }),
  passkeys: Type.Array(ShownPasskey),
});
const dayMs = 86_400_000;

/** `/v1/break-glass`: accounts for the day on which nobody can come in otherwise. */
export function createBreakGlassRoutes({
  breakGlass,
  settings,
}: Pick<Privileges, 'breakGlass' | 'settings'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['privileges'];
    const grave = { scope: 'users:manage', stepUp: true } as const;

    app.get(
      '/v1/break-glass',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'Prepared accounts, with when they were sealed, opened and tried',
          tags,
          response: { 200: Type.Object({ accounts: Type.Array(Account) }) },
        },
      },
      async () => {
        const { drillDays } = (await settings()).settings;
        const passkeys = await breakGlass.passkeys();
        return {
          accounts: (await breakGlass.list()).map((account) => ({
            ...shown(account, drillDays),
            passkeys: passkeys.filter(({ accountId }) => accountId === account.id).map(shownPasskey),
          })),
        };
      },
    );

    app.post(
      '/v1/break-glass',
      {
        config: grave,
        schema: {
          summary: 'Prepare an account: two sealed codes, told once, for two envelopes',
          tags,
          body: Type.Object({ label: Type.String({ minLength: 1, maxLength: 40 }) }, { additionalProperties: false }),
          response: { 201: Type.Object({ id: Type.String(), codes: Codes }) },
        },
      },
      async ({ body, principal }, reply) =>
        reply.code(201).send(await breakGlass.prepare({ label: body.label.trim(), by: principal })),
    );

    app.post(
      '/v1/break-glass/:id/seal',
      {
        config: grave,
        schema: {
          summary: 'New codes in place of those there are, as after a use',
          tags,
          params,
          response: { 200: Type.Object({ codes: Codes }) },
        },
      },
      async ({ params: { id }, principal }) => ({ codes: await breakGlass.seal({ id, by: principal }) }),
    );

    app.post(
      '/v1/break-glass/:id/opening',
      {
        config: grave,
        schema: {
          summary:
            'Whether its codes open it with a passkey only; makes new ones, since the old ones are of the other kind',
          tags,
          params,
          body: Type.Object({ needs_passkey: Type.Boolean() }, { additionalProperties: false }),
          response: { 200: Type.Object({ codes: Codes }) },
        },
      },
      async ({ params: { id }, body, principal }) => ({
        codes: await breakGlass.seal({ id, needsPasskey: body.needs_passkey, by: principal }),
      }),
    );

    app.post(
      '/v1/break-glass/:id/passkeys/options',
      {
        config: grave,
        schema: {
          summary: 'Begin with a passkey that takes the place of one envelope',
          tags,
          params,
          response: { 200: Type.Unknown({ description: 'PublicKeyCredentialCreationOptionsJSON' }) },
        },
      },
      async ({ params: { id }, principal: by, client }) => breakGlass.creationOptions({ id, by, client }),
    );

    app.post(
      '/v1/break-glass/:id/passkeys',
      {
        config: grave,
        schema: {
          summary: 'Keep the passkey that was made',
          tags,
          params,
          body: Type.Object(
            { label: Type.String({ minLength: 1, maxLength: 40 }), response: CreatedPasskey },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, body, principal: by, client }, reply) => {
        await breakGlass.addPasskey({ id, by, client, label: body.label.trim(), response: body.response });
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/v1/break-glass/:id/passkeys/:passkey',
      {
        config: grave,
        schema: {
          summary: 'Take a passkey from an account: it opens nothing any more',
          tags,
          params: Type.Object(
            { ...params.properties, passkey: Type.String({ minLength: 1, maxLength: 2048 }) },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id, passkey }, principal: by }, reply) => {
        await breakGlass.removePasskey({ id, passkeyId: passkey, by });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/break-glass/:id/drill',
      {
        config: grave,
        schema: {
          summary: 'Try both codes, or one and a passkey, without opening anything; gives new ones to seal',
          tags,
          params,
          body: Type.Object(proof, { additionalProperties: false }),
          response: { 200: Type.Object({ codes: Codes }) },
        },
      },
      async ({ params: { id }, body, principal, client }) => ({
        codes: await breakGlass.drill({ id, ...body, by: principal, client }),
      }),
    );

    app.delete(
      '/v1/break-glass/:id',
      {
        config: grave,
        schema: {
          summary: 'Give a prepared account up: its codes open nothing any more',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal }, reply) => {
        await breakGlass.retire({ id, by: principal });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/break-glass/open/options',
      {
        config: { public: true, addressRate: { perSecond: 0.2, burst: 10 } },
        schema: {
          summary: 'A challenge for a passkey of a prepared account, whichever it is: none is named',
          tags,
          response: { 200: Type.Unknown({ description: 'PublicKeyCredentialRequestOptionsJSON' }) },
        },
      },
      async ({ client }) => breakGlass.requestOptions(client),
    );

    app.post(
      '/v1/break-glass/open',
      {
        // Nobody guesses a code: this only keeps one address from filling the ledger with refusals.
        config: { public: true, addressRate: { perSecond: 0.2, burst: 10 } },
        schema: {
          summary:
            'Sign in with both sealed codes, or one and a passkey. Everything an administrator has, for a bounded time; the alarm goes off at once',
          tags,
          body: Type.Object(
            {
              ...proof,
              person: Type.String({ minLength: 2, maxLength: 100, description: 'Who you are' }),
              reason: Type.String({ minLength: 3, maxLength: privilegeLimits.reason }),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ grant: Type.String() }) },
        },
      },
      async ({ body, client }, reply) => {
        const { token, grantId } = await breakGlass.open({ ...body, client });
        reply.beginSession(token);
        return { grant: grantId };
      },
    );
  };
}

function shown(account: BreakGlassAccount, drillDays: number) {
  const instantOrNull = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  const triedMs = Math.max(account.drilledAtMs ?? 0, account.createdAtMs);
  const state = account.retiredAtMs !== undefined ? 'retired' : account.openedAtMs !== undefined ? 'opened' : 'sealed';
  return {
    id: account.id,
    label: account.label,
    state,
    created_at: new Date(account.createdAtMs).toISOString(),
    sealed_at: new Date(account.sealedAtMs).toISOString(),
    opened_at: instantOrNull(account.openedAtMs),
    drilled_at: instantOrNull(account.drilledAtMs),
    drill_due_at: new Date(triedMs + drillDays * dayMs).toISOString(),
    needs_passkey: account.needsPasskey,
  } as const;
}

function shownPasskey(passkey: ShownSealedPasskey) {
  const { id, label, hostName, lastUsedAtMs, isAttested, isBackupEligible, model, refusedBecause } = passkey;
  return {
    id,
    label,
    host_name: hostName,
    added_at: new Date(passkey.createdAtMs).toISOString(),
    last_used_at: lastUsedAtMs === undefined ? null : new Date(lastUsedAtMs).toISOString(),
    model: model ?? null,
    attested: isAttested,
    synced: isBackupEligible ?? null,
    refused_because: refusedBecause ?? null,
  };
}
