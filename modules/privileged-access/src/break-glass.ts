import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { CodedError } from '@sallyport/platform/errors';
import type { Secret } from '@sallyport/platform/secret';
import { createBreakGlassStore } from './break-glass-store.ts';
import type { BreakGlassAccount } from './break-glass-store.ts';
import { PrivilegeError } from './errors.ts';
import type { Parts } from './parts.ts';
import { madePlain, requirePlain } from './plain-words.ts';
import { privilegeEntityEvent, privilegeEvent, ourselves } from './privilege-audit.ts';
import { dayMs } from './request.ts';
import type { PrivilegeRequest } from './request.ts';
import { hashOfCode, isSameHash, newSealedCode, readSealedCode } from './sealed-codes.ts';

/** Two codes for two envelopes, told once. */
export type SealedCodes = { readonly first: string; readonly second: string };

/**
 * Accounts for the day on which nobody can come in otherwise. One has no role, no password, no second factor and no provider:
 * two sealed codes, kept in two places, open it once, with everything an administrator has, for a bounded time. Whoever does it
 * says who they are and why; the alarm goes off at once; somebody else reviews what was done; the codes are spent.
 */
export type BreakGlass = {
  list(): Promise<readonly BreakGlassAccount[]>;
  prepare(asked: {
    readonly label: string;
    readonly by: Principal;
  }): Promise<{ readonly id: string; readonly codes: SealedCodes }>;
  /** New codes in place of those there are. Throws `break_glass_not_found`. */
  seal(asked: { readonly id: string; readonly by: Principal }): Promise<SealedCodes>;
  /** Tries all that opening needs without opening anything, and seals anew. Throws `break_glass_refused`, `break_glass_not_found`, `break_glass_disabled`. */
  drill(asked: {
    readonly id: string;
    readonly by: Principal;
    readonly first: string;
    readonly second: string;
  }): Promise<SealedCodes>;
  retire(asked: { readonly id: string; readonly by: Principal }): Promise<void>;
  /** Signs in. Throws `break_glass_refused`, whatever was wrong. */
  open(asked: {
    readonly first: string;
    readonly second: string;
    readonly person: string;
    readonly reason: string;
    readonly client: Client;
  }): Promise<{ readonly token: Secret; readonly grantId: string }>;
  /** Says of each account that is not sealed, or was not tried for long, once a day, that it is so. */
  remind(): Promise<void>;
};

const maxAccounts = 10;

export function createBreakGlass(parts: Parts): BreakGlass {
  const { database, outbox, clock, store, grants, accounts } = parts;
  const table = createBreakGlassStore(parts);

  const codesFor = (id: string): { codes: SealedCodes; hashes: { firstHash: string; secondHash: string } } => {
    const codes = { first: newSealedCode(parts.random), second: newSealedCode(parts.random) };
    const hash = (envelope: 'first' | 'second'): string =>
      hashOfCode(parts.sealingKey, id, envelope, readSealedCode(codes[envelope]) ?? '');
    return { codes, hashes: { firstHash: hash('first'), secondHash: hash('second') } };
  };

  /** Which account both codes belong to. Every account is compared, whatever was found before. */
  async function accountOf(
    where: Transaction,
    typed: { first: string; second: string },
  ): Promise<BreakGlassAccount | undefined> {
    const [first, second] = [readSealedCode(typed.first), readSealedCode(typed.second)];
    let found: BreakGlassAccount | undefined;
    for (const account of await table.list(where)) {
      // They may be typed in either order: each stands in its own envelope, not in its own field.
      const opens = (one: string | undefined, other: string | undefined): boolean =>
        isSameHash(account.firstHash, hashOfCode(parts.sealingKey, account.id, 'first', one ?? '')) &&
        isSameHash(account.secondHash, hashOfCode(parts.sealingKey, account.id, 'second', other ?? ''));
      const isIt = [opens(first, second), opens(second, first)].includes(true);
      if (isIt && account.retiredAtMs === undefined && account.openedAtMs === undefined) found = account;
    }
    return first === undefined || second === undefined ? undefined : found;
  }

  async function known(where: Transaction, id: string): Promise<BreakGlassAccount> {
    const account = (await table.list(where)).find((one) => one.id === id && one.retiredAtMs === undefined);
    if (account !== undefined) return account;
    throw new PrivilegeError(
      'break_glass_not_found',
      `Cannot find account "${id.slice(0, 100)}": must be a prepared one`,
    );
  }

  const refused = (): PrivilegeError =>
    new PrivilegeError(
      'break_glass_refused',
      'Cannot open this: the codes are wrong, spent or not for the same account',
    );

  const told = (
    action: string,
    by: { kind: string; id: string; name: string },
    account: Pick<BreakGlassAccount, 'id' | 'label'>,
  ) =>
    ({
      nowMs: clock.nowMs(),
      by,
      action,
      target: { type: 'break-glass', id: account.id, name: account.label },
    }) as const;

  const recordRefusal = (
    transaction: Transaction,
    client: Client,
    right?: { readonly account: BreakGlassAccount; readonly because: string },
  ): Promise<void> =>
    outbox.record(
      transaction,
      privilegeEntityEvent({
        ...told(
          'break-glass.refused',
          { kind: 'unknown', id: client.address, name: 'unauthenticated' },
          right?.account ?? { id: '', label: '' },
        ),
        outcome: 'failure',
        details: {
          address: client.address,
          codes_right: right !== undefined,
          ...(right === undefined ? {} : { because: right.because }),
        },
      }),
    );

  /** Codes outlast whatever somebody holds for now. Throws `break_glass_borrowed`. */
  const requireOwn = ({ grantIds = [] }: Principal): void => {
    if (grantIds.length === 0) return;
    throw new PrivilegeError(
      'break_glass_borrowed',
      'Cannot make sealed codes with what you hold for a time: must be by a role of your own',
    );
  };

  return {
    list: () => database.transaction().execute((transaction) => table.list(transaction)),

    async prepare({ label: text, by }) {
      requireOwn(by);
      const label = requirePlain(text, 'label');
      if (label === '') throw new PrivilegeError('privilege_invalid', 'Cannot take this label: must be words');
      const id = Buffer.from(parts.random(12)).toString('hex');
      const { codes, hashes } = codesFor(id);
      await database.transaction().execute(async (transaction) => {
        const all = await table.list(transaction);
        if (all.filter(({ retiredAtMs }) => retiredAtMs === undefined).length >= maxAccounts)
          throw new PrivilegeError('privileges_exhausted', `Cannot prepare another account: there are ${maxAccounts}`);
        const { id: userId } = await accounts.create(transaction, { name: `break-glass ${label}`, by });
        const nowMs = clock.nowMs();
        await table.insert(transaction, { id, userId, label, createdAtMs: nowMs, sealedAtMs: nowMs, ...hashes });
        await outbox.record(transaction, privilegeEntityEvent({ ...told('break-glass.prepare', by, { id, label }) }));
      });
      await outbox.flushed();
      return { id, codes };
    },

    async seal({ id, by }) {
      requireOwn(by);
      const { codes, hashes } = codesFor(id);
      await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        await table.seal(transaction, id, { ...hashes, sealedAtMs: clock.nowMs() });
        await outbox.record(transaction, privilegeEntityEvent({ ...told('break-glass.seal', by, account) }));
      });
      await outbox.flushed();
      return codes;
    },

    async drill({ id, by, first, second }) {
      requireOwn(by);
      const { codes, hashes } = codesFor(id);
      const userId = (await table.list(database)).find((one) => one.id === id)?.userId ?? '';
      const isDisabled = (await parts.people.find(userId))?.isActive !== true;
      const because = await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        const opened = await accountOf(transaction, { first, second });
        const why = opened?.id !== id ? 'codes' : isDisabled ? 'user_disabled' : undefined;
        const outcome = why === undefined ? 'success' : 'failure';
        const details = why === undefined ? {} : { details: { because: why } };
        const event = { ...told('break-glass.drill', by, account), outcome, ...details } as const;
        await outbox.record(transaction, privilegeEntityEvent(event));
        if (why !== undefined) return why;
        const nowMs = clock.nowMs();
        await table.seal(transaction, id, { ...hashes, sealedAtMs: nowMs, drilledAtMs: nowMs });
        return undefined;
      });
      await outbox.flushed();
      if (because === 'codes') throw refused();
      if (because === undefined) return codes;
      throw new PrivilegeError(
        'break_glass_disabled',
        'Cannot try this account: its codes are right, and its account is disabled, so nobody could come in with them',
        { hint: 'let the account in again under People, and try it once more' },
      );
    },

    async retire({ id, by }) {
      const userId = await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        await table.retire(transaction, id, clock.nowMs());
        await outbox.record(transaction, privilegeEntityEvent({ ...told('break-glass.retire', by, account) }));
        return account.userId;
      });
      await accounts.remove({ userId, by });
      await outbox.flushed();
    },

    async open({ first, second, client, ...said }) {
      const [person, reason] = [madePlain(said.person), madePlain(said.reason)];
      const settings = await parts.settings();
      let right: BreakGlassAccount | undefined;
      const grantId = Buffer.from(parts.random(12)).toString('hex');
      const begun = await database
        .transaction()
        .execute(async (transaction) => {
          const account = await accountOf(transaction, { first, second });
          const nowMs = clock.nowMs();
          if (account === undefined) {
            await recordRefusal(transaction, client);
            return undefined;
          }
          right = account;
          const { token, sessionId, browserKey } = await accounts.begin(transaction, {
            userId: account.userId,
            client,
          });
          await table.open(transaction, account.id, nowMs);
          const request: PrivilegeRequest = {
            id: grantId,
            kind: 'break-glass',
            state: 'active',
            requesterId: account.userId,
            role: 'admin',
            site: undefined,
            actions: undefined,
            minutes: settings.breakGlassMinutes,
            needed: 0,
            createdAtMs: nowMs,
            expiresAtMs: nowMs,
            startedAtMs: nowMs,
            spentMs: 0,
            endedAtMs: undefined,
            endedBecause: undefined,
            sessionId,
            // Nobody reviews it in the browser it was opened in.
            device: browserKey,
            reviewDueMs: undefined,
            said: {
              name: `break-glass ${account.label}`,
              reason: `${person}: ${reason}`,
              address: client.address,
              agent: client.agent,
              signedInAtMs: nowMs,
              assurance: 2,
              isNewDevice: true,
              risk: undefined,
              riskReasons: [],
              adds: parts.who.actionsOf(['admin']),
              dangerous: parts.who.dangerousOf('admin'),
              unusual: [],
            },
            decisions: [],
          };
          await store.insert(transaction, request);
          const by = { kind: 'user', id: account.userId, name: request.said.name };
          await outbox.record(
            transaction,
            privilegeEntityEvent({
              ...told('break-glass.open', by, account),
              activityId: 1,
              details: { grant_id: grantId, person, reason, address: client.address, minutes: request.minutes },
            }),
          );
          const details = { grant_id: grantId, address: client.address, person };
          await outbox.record(
            transaction,
            privilegeEvent({ nowMs, by, action: 'privilege.take-up', request, details }),
          );
          grants.expect(grantId);
          return { token, request };
        })
        .catch(async (error: unknown) => {
          grants.drop(grantId);
          const account = right;
          if (account === undefined || !(error instanceof CodedError)) throw error;
          // The codes were right, so somebody has them: that is told, though nothing was opened and they are not spent.
          const because = String(error.code);
          await database
            .transaction()
            .execute((transaction) => recordRefusal(transaction, client, { account, because }));
          await outbox.flushed();
          throw because === 'user_disabled' ? refused() : error;
        });
      await outbox.flushed();
      if (begun === undefined || !grants.begin(begun.request)) throw refused();
      return { token: begun.token, grantId };
    },

    async remind() {
      const { drillDays } = await parts.settings();
      const nowMs = clock.nowMs();
      const day = Math.floor(nowMs / dayMs);
      await database.transaction().execute(async (transaction) => {
        for (const account of await table.list(transaction)) {
          if (account.retiredAtMs !== undefined || account.toldDay >= day) continue;
          const isOpen = account.openedAtMs !== undefined;
          const isStale = nowMs - Math.max(account.drilledAtMs ?? 0, account.createdAtMs) > drillDays * dayMs;
          if (!isOpen && !isStale) continue;
          // The day it was opened has an alarm of its own.
          if (isOpen && nowMs - (account.openedAtMs ?? 0) < dayMs) continue;
          await table.told(transaction, account.id, day);
          const action = isOpen ? 'break-glass.unsealed' : 'break-glass.drill-overdue';
          await outbox.record(transaction, privilegeEntityEvent({ ...told(action, ourselves, account) }));
        }
      });
      await outbox.flushed();
    },
  };
}
