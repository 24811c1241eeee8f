import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { BreakGlassAccount } from './break-glass-store.ts';
import type { Privileges } from './privileges.ts';
import { privilegeLimits } from './request.ts';
import { params } from './schema.ts';

const code = Type.String({ minLength: 1, maxLength: 100 });
const Codes = Type.Object({
  first: Type.String({ description: 'For the first envelope; told once' }),
  second: Type.String({ description: 'For the second envelope; told once' }),
});
const Account = Type.Object({
  id: Type.String(),
  label: Type.String(),
  state: Type.Enum(['sealed', 'opened', 'retired']),
  created_at: Type.String({ format: 'date-time' }),
  sealed_at: Type.String({ format: 'date-time' }),
  opened_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  drilled_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  drill_due_at: Type.String({ format: 'date-time' }),
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
        return { accounts: (await breakGlass.list()).map((account) => shown(account, drillDays)) };
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
      '/v1/break-glass/:id/drill',
      {
        config: grave,
        schema: {
          summary: 'Try both codes without opening anything; gives new ones to seal',
          tags,
          params,
          body: Type.Object({ first: code, second: code }, { additionalProperties: false }),
          response: { 200: Type.Object({ codes: Codes }) },
        },
      },
      async ({ params: { id }, body, principal }) => ({
        codes: await breakGlass.drill({ id, ...body, by: principal }),
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
      '/v1/break-glass/open',
      {
        // Nobody guesses a code: this only keeps one address from filling the ledger with refusals.
        config: { public: true, addressRate: { perSecond: 0.2, burst: 10 } },
        schema: {
          summary:
            'Sign in with both sealed codes. Everything an administrator has, for a bounded time; the alarm goes off at once',
          tags,
          body: Type.Object(
            {
              first: code,
              second: code,
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
  } as const;
}
