import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createBreakGlassStore } from './break-glass-store.ts';
import type { BreakGlassAccount, BreakGlassStore } from './break-glass-store.ts';
import { PrivilegeError } from './errors.ts';
import type { Parts } from './parts.ts';
import type { CodeKind } from './sealed-codes.ts';
import { hashOfCode, newSealedCode, readSealedCode } from './sealed-codes.ts';
import { createSealedPasskeyStore } from './sealed-passkey-store.ts';
import type { KeptPasskey, SealedPasskeyStore } from './sealed-passkey-store.ts';

/** Two codes for two envelopes, told once. */
export type SealedCodes = { readonly first: string; readonly second: string };

/** What the parts of break-glass share. */
export type BreakGlassParts = Parts & {
  readonly table: BreakGlassStore;
  readonly kept: SealedPasskeyStore;
  /** Those that their accounts say are theirs, and as far as they say: one that was removed and put back into the table is none, or whose counter was changed. */
  passkeysOf(where: Transaction): Promise<KeptPasskey[]>;
  /** Throws `break_glass_not_found`, also for one of which nobody can read whose it is, unless it is to be given up. */
  known(where: Transaction, id: string, to?: 'use' | 'give-up'): Promise<BreakGlassAccount>;
  newCodes(id: string, needsPasskey: boolean): NewCodes;
};

type NewCodes = {
  readonly codes: SealedCodes;
  readonly stored: { readonly firstHash: string; readonly secondHash: string; readonly needsPasskey: boolean };
};

/** What whoever opens one holds. */
export const sealedRoles = ['admin'] as const;

export function breakGlassParts(parts: Parts): BreakGlassParts {
  const table = createBreakGlassStore(parts, parts.codesRoll);
  const kept = createSealedPasskeyStore(parts);
  return {
    ...parts,
    table,
    kept,
    async passkeysOf(where) {
      const own = new Map((await table.list(where)).map((account) => [account.id, account]));
      return (await kept.list(where)).filter(({ id, accountId, counter }) => {
        const account = own.get(accountId);
        return account?.passkeyIds.includes(id) === true && account.counters[id] === counter;
      });
    },
    async known(where, id, to = 'use') {
      const account = (await table.list(where)).find((one) => one.id === id && one.retiredAtMs === undefined);
      if (account !== undefined && (account.userId !== '' || to === 'give-up')) return account;
      throw new PrivilegeError(
        'break_glass_not_found',
        `Cannot find account "${id.slice(0, 100)}": must be a prepared one`,
      );
    },
    newCodes(accountId, needsPasskey) {
      const codes = { first: newSealedCode(parts.random), second: newSealedCode(parts.random) };
      const kind: CodeKind = needsPasskey ? 'with-passkey' : 'alone';
      const hash = (envelope: 'first' | 'second'): string =>
        hashOfCode(parts.sealingKey, { accountId, envelope, kind }, readSealedCode(codes[envelope]) ?? '');
      return { codes, stored: { firstHash: hash('first'), secondHash: hash('second'), needsPasskey } };
    },
  };
}

/** The same words, whatever was wrong. */
export function refused(): PrivilegeError {
  return new PrivilegeError(
    'break_glass_refused',
    'Cannot open this: what was shown is wrong, spent or not for the same account',
  );
}

/** What its events name. */
export function told(
  parts: Pick<Parts, 'clock'>,
  action: string,
  by: { readonly kind: string; readonly id: string; readonly name: string },
  account: Pick<BreakGlassAccount, 'id' | 'label'>,
) {
  const target = { type: 'break-glass', id: account.id, name: account.label };
  return { nowMs: parts.clock.nowMs(), by, action, target } as const;
}

/** Codes and passkeys outlast whatever somebody holds for now. Throws `break_glass_borrowed`. */
export function requireOwn({ grantIds = [] }: Principal): void {
  if (grantIds.length === 0) return;
  throw new PrivilegeError(
    'break_glass_borrowed',
    'Cannot change what opens this account with what you hold for a time: must be by a role of your own',
  );
}
