import type { Client, Principal } from '@sallyport/platform/http';
import { createOpenBreakGlass, passkeyNeeded } from './break-glass-open.ts';
import type { OpenBreakGlass } from './break-glass-open.ts';
import { breakGlassParts, refused, requireOwn, told } from './break-glass-parts.ts';
import type { SealedCodes } from './break-glass-parts.ts';
import { createBreakGlassPasskeys } from './break-glass-passkeys.ts';
import type { BreakGlassPasskeys } from './break-glass-passkeys.ts';
import type { BreakGlassAccount } from './break-glass-store.ts';
import { PrivilegeError } from './errors.ts';
import type { Parts } from './parts.ts';
import { requirePlain } from './plain-words.ts';
import { privilegeEntityEvent, ourselves } from './privilege-audit.ts';
import { dayMs } from './request.ts';
import { checkProof, judgeProof } from './sealed-proof.ts';
import type { JudgedProof, SealedProof } from './sealed-proof.ts';

/**
 * Accounts for the day on which nobody can come in otherwise. One has no role, no password, no second factor and no provider:
 * two sealed codes, kept in two places, open it once, or one of them and a passkey that is kept in a third, with everything an
 * administrator has, for a bounded time. Whoever does it says who they are and why; the alarm goes off at once; somebody else
 * reviews what was done; the codes are spent.
 */
export type BreakGlass = BreakGlassPasskeys & {
  list(): Promise<readonly BreakGlassAccount[]>;
  prepare(asked: {
    readonly label: string;
    readonly by: Principal;
  }): Promise<{ readonly id: string; readonly codes: SealedCodes }>;
  /**
   * New codes in place of those there are; `needsPasskey`: from now on they open it with a passkey only, or by themselves again.
   * Throws `break_glass_not_found`, `break_glass_no_passkey`.
   */
  seal(asked: { readonly id: string; readonly needsPasskey?: boolean; readonly by: Principal }): Promise<SealedCodes>;
  /**
   * Tries all that opening needs without opening anything, and seals anew. Throws `break_glass_refused`,
   * `break_glass_passkey_needed`, `break_glass_not_found`, `break_glass_disabled`.
   */
  drill(
    asked: SealedProof & { readonly id: string; readonly by: Principal; readonly client: Client },
  ): Promise<SealedCodes>;
  retire(asked: { readonly id: string; readonly by: Principal }): Promise<void>;
  /** Signs in. Throws `break_glass_refused`, whatever was wrong; `break_glass_passkey_needed` to whoever has both codes. */
  readonly open: OpenBreakGlass;
  /** Says of each account that is not sealed, or was not tried for long, once a day, that it is so. */
  remind(): Promise<void>;
};

const maxAccounts = 10;

export function createBreakGlass(withoutTables: Parts): BreakGlass {
  const parts = breakGlassParts(withoutTables);
  const { database, outbox, clock, accounts, table, kept, passkeysOf, known, newCodes } = parts;
  const toldOfAltered = new Map<string, number>();

  return {
    ...createBreakGlassPasskeys(parts),
    open: createOpenBreakGlass(parts),
    list: () => database.transaction().execute((transaction) => table.list(transaction)),

    async prepare({ label: text, by }) {
      requireOwn(by);
      const label = requirePlain(text, 'label');
      if (label === '') throw new PrivilegeError('privilege_invalid', 'Cannot take this label: must be words');
      const id = Buffer.from(parts.random(12)).toString('hex');
      const { codes, stored } = newCodes(id, false);
      await database.transaction().execute(async (transaction) => {
        const all = await table.list(transaction);
        if (all.filter(({ retiredAtMs }) => retiredAtMs === undefined).length >= maxAccounts)
          throw new PrivilegeError('privileges_exhausted', `Cannot prepare another account: there are ${maxAccounts}`);
        const { id: userId } = await accounts.create(transaction, { name: `break-glass ${label}`, by });
        const nowMs = clock.nowMs();
        await table.insert(transaction, { id, userId, label, createdAtMs: nowMs, sealedAtMs: nowMs, ...stored });
        await outbox.record(
          transaction,
          privilegeEntityEvent({ ...told(parts, 'break-glass.prepare', by, { id, label }) }),
        );
      });
      await outbox.flushed();
      return { id, codes };
    },

    async seal({ id, by, ...asked }) {
      requireOwn(by);
      const codes = await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        const needsPasskey = asked.needsPasskey ?? account.needsPasskey;
        const hasOne = (await passkeysOf(transaction)).some(({ accountId }) => accountId === id);
        if (needsPasskey && !hasOne)
          throw new PrivilegeError(
            'break_glass_no_passkey',
            'Cannot make codes that open this account with a passkey only: must have one first',
          );
        const made = newCodes(id, needsPasskey);
        await table.seal(transaction, account, { ...made.stored, sealedAtMs: clock.nowMs() });
        // Which passkeys were its own is not known any more.
        if (account.isAltered === true) await kept.remove(transaction, { accountId: id });
        const altered = account.isAltered === true ? { was_altered: true } : {};
        const details = { needs_passkey: needsPasskey, needed_before: account.needsPasskey, ...altered };
        const event = { ...told(parts, 'break-glass.seal', by, account), details };
        await outbox.record(transaction, privilegeEntityEvent(event));
        return made.codes;
      });
      await outbox.flushed();
      return codes;
    },

    async drill({ id, by, client, ...shown }) {
      requireOwn(by);
      const { userId } = await database.transaction().execute((transaction) => known(transaction, id));
      const isDisabled = (await parts.people.find(userId))?.isActive !== true;
      const proof = await checkProof(parts, shown, client);
      const tried = await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        const judged = await judgeProof(parts, transaction, proof);
        const why = whyNotOpened(judged, id) ?? (isDisabled ? 'user_disabled' : undefined);
        const outcome = why === undefined ? 'success' : 'failure';
        const details = {
          ...(why === undefined ? {} : { because: why }),
          ...(judged.kind === 'opens' ? { needs_passkey: judged.codes === 'with-passkey' } : {}),
          ...(judged.facts === undefined ? {} : { passkey: judged.facts }),
        };
        const event = { ...told(parts, 'break-glass.drill', by, account), outcome, details } as const;
        await outbox.record(transaction, privilegeEntityEvent(event));
        if (why !== undefined || judged.kind !== 'opens') return { why: why ?? 'codes' };
        const nowMs = clock.nowMs();
        // As those are that were shown: of what was meant then the hash alone tells for certain.
        const { codes, stored } = newCodes(id, judged.codes === 'with-passkey');
        // As it stands after its passkey was used.
        await table.seal(transaction, judged.account, { ...stored, sealedAtMs: nowMs, drilledAtMs: nowMs });
        return { why: undefined, codes };
      });
      await outbox.flushed();
      if (tried.why === undefined) return tried.codes;
      if (tried.why === 'passkey_needed') throw passkeyNeeded();
      if (tried.why !== 'user_disabled') throw refused();
      throw new PrivilegeError(
        'break_glass_disabled',
        'Cannot try this account: what was shown is right, and its account is disabled, so nobody could come in with it',
        { hint: 'let the account in again under People, and try it once more' },
      );
    },

    async retire({ id, by }) {
      requireOwn(by);
      const userId = await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id, 'give-up');
        await table.retire(transaction, account, clock.nowMs());
        await kept.remove(transaction, { accountId: id });
        await outbox.record(transaction, privilegeEntityEvent({ ...told(parts, 'break-glass.retire', by, account) }));
        return account.userId;
      });
      // Whose it was is sealed: nobody else is disabled for what somebody wrote beside it.
      if (userId !== '') await accounts.remove({ userId, by });
      await outbox.flushed();
    },

    async remind() {
      const { drillDays } = await parts.settings();
      const nowMs = clock.nowMs();
      const day = Math.floor(nowMs / dayMs);
      await database.transaction().execute(async (transaction) => {
        const usable = new Set((await passkeysOf(transaction)).map((one) => one.id));
        for (const account of await table.list(transaction)) {
          const isAltered = account.isAltered === true;
          const lost = account.passkeyIds.filter((passkeyId) => !usable.has(passkeyId));
          const toldDay = isAltered ? (toldOfAltered.get(account.id) ?? 0) : account.toldDay;
          if (account.retiredAtMs !== undefined || toldDay >= day) continue;
          const isOpen = account.openedAtMs !== undefined;
          const isStale = nowMs - Math.max(account.drilledAtMs ?? 0, account.createdAtMs) > drillDays * dayMs;
          if (!isOpen && !isStale && lost.length === 0) continue;
          // The day it was opened has an alarm of its own; when that was, nobody can tell of one that was altered.
          if (isOpen && !isAltered && nowMs - (account.openedAtMs ?? 0) < dayMs) continue;
          // Of one that was altered nothing in the database says what it was told of.
          if (isAltered) toldOfAltered.set(account.id, day);
          else await table.told(transaction, account, day);
          const action = isOpen || lost.length > 0 ? 'break-glass.unsealed' : 'break-glass.drill-overdue';
          const details = isAltered ? { because: 'altered' } : lost.length > 0 ? { because: 'passkey_altered' } : {};
          await outbox.record(
            transaction,
            privilegeEntityEvent({ ...told(parts, action, ourselves, account), details }),
          );
        }
      });
      await outbox.flushed();
    },
  };
}

function whyNotOpened(judged: JudgedProof, id: string): 'codes' | 'passkey' | 'passkey_needed' | undefined {
  if (judged.account?.id !== id) return 'codes';
  if (judged.kind === 'opens') return undefined;
  if (judged.needsPasskey) return 'passkey_needed';
  return judged.codesRight ? 'passkey' : 'codes';
}
