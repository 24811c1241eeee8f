import type { Client, Principal } from '@sallyport/platform/http';
import { requireOwn, sealedRoles, told } from './break-glass-parts.ts';
import type { BreakGlassParts } from './break-glass-parts.ts';
import { PrivilegeError } from './errors.ts';
import type { CreatedPasskey } from './passkey-schema.ts';
import { requirePlain } from './plain-words.ts';
import { privilegeEntityEvent } from './privilege-audit.ts';
import type { KeptPasskey } from './sealed-passkey-store.ts';

/** A passkey of an account, as people see it. */
export type ShownSealedPasskey = KeptPasskey & {
  readonly model?: string;
  /** The organisation's rules would not let it be added now. It opens all the same. */
  readonly refusedBecause?: string;
  readonly algorithm: number | undefined;
};

/** Passkeys of break-glass accounts: each takes the place of one envelope. */
export type BreakGlassPasskeys = {
  passkeys(): Promise<readonly ShownSealedPasskey[]>;
  /** For the browser the security key is plugged into. Throws `break_glass_not_found`, `break_glass_borrowed`, `passkey_needs_name`. */
  creationOptions(asked: { readonly id: string; readonly by: Principal; readonly client: Client }): Promise<object>;
  /** Throws `passkey_refused`, `break_glass_passkey_used`, `privileges_exhausted`, `break_glass_not_found`, `break_glass_borrowed`. */
  addPasskey(asked: {
    readonly id: string;
    readonly by: Principal;
    readonly client: Client;
    readonly label: string;
    readonly response: CreatedPasskey;
  }): Promise<void>;
  /** Throws `break_glass_no_passkey` for the last one of an account whose codes are good for nothing without. */
  removePasskey(asked: { readonly id: string; readonly passkeyId: string; readonly by: Principal }): Promise<void>;
  /** A challenge for a passkey of any account: which ones there are is told to nobody. */
  requestOptions(client: Client): Promise<object>;
};

const maxPasskeys = 5;

export function createBreakGlassPasskeys(parts: BreakGlassParts): BreakGlassPasskeys {
  const { database, outbox, clock, table, kept, passkeysOf, known, passkeys } = parts;

  return {
    async passkeys() {
      const all = await database.transaction().execute(passkeysOf);
      return Promise.all(all.map(async (one) => ({ ...one, ...(await passkeys.lookUp(one, sealedRoles)) })));
    },

    async creationOptions({ id, by, client }) {
      requireOwn(by);
      const account = await database.transaction().execute((transaction) => known(transaction, id));
      const own = account.passkeyIds.map((known) => ({ id: known }));
      const named = { userId: account.userId, name: `break-glass ${account.label}` };
      return passkeys.creationOptions({ client, account: named, known: own });
    },

    async addPasskey({ id, by, client, label: text, response }) {
      requireOwn(by);
      const label = requirePlain(text, 'label');
      if (label === '') throw new PrivilegeError('privilege_invalid', 'Cannot take this label: must be words');
      const { userId } = await database.transaction().execute((transaction) => known(transaction, id));
      const accepted = await passkeys.accept({ client, userId, roles: sealedRoles, response });
      await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        const all = await passkeysOf(transaction);
        const isKnown = all.some((one) => one.id === accepted.passkey.id);
        if (isKnown || !(await passkeys.spend(transaction, accepted.challenge)))
          throw new PrivilegeError('break_glass_passkey_used', 'Cannot add this passkey: it is in use already');
        if (all.filter(({ accountId }) => accountId === id).length >= maxPasskeys)
          throw new PrivilegeError('privileges_exhausted', `Cannot add another passkey: there are ${maxPasskeys}`);
        // One of before that somebody put back is in nobody's way.
        await kept.remove(transaction, { accountId: id, id: accepted.passkey.id });
        const { id: passkeyId, counter } = accepted.passkey;
        const ids = [...account.passkeyIds.filter((one) => one !== passkeyId), passkeyId];
        await table.setPasskeys(transaction, account, ids, { [passkeyId]: counter });
        await kept.insert(transaction, { ...accepted.passkey, accountId: id, label, createdAtMs: clock.nowMs() });
        const details = { label, host_name: accepted.passkey.hostName, passkey: accepted.facts };
        const event = { ...told(parts, 'break-glass.passkey-add', by, account), details };
        await outbox.record(transaction, privilegeEntityEvent(event));
      });
      await outbox.flushed();
    },

    async removePasskey({ id, passkeyId, by }) {
      requireOwn(by);
      await database.transaction().execute(async (transaction) => {
        const account = await known(transaction, id);
        const own = (await passkeysOf(transaction)).filter(({ accountId }) => accountId === id);
        const removed = own.find((one) => one.id === passkeyId);
        if (removed === undefined)
          throw new PrivilegeError('break_glass_not_found', 'Cannot find this passkey: must be one of the account');
        if (account.needsPasskey && own.length === 1)
          throw new PrivilegeError(
            'break_glass_no_passkey',
            'Cannot remove the last passkey: the codes of this account open it with one only',
            { hint: 'make new codes that open it by themselves first' },
          );
        const left = account.passkeyIds.filter((one) => one !== passkeyId);
        await table.setPasskeys(transaction, account, left);
        await kept.remove(transaction, { accountId: id, id: passkeyId });
        const details = { label: removed.label, host_name: removed.hostName };
        const event = { ...told(parts, 'break-glass.passkey-remove', by, account), details };
        await outbox.record(transaction, privilegeEntityEvent(event));
      });
      await outbox.flushed();
    },

    requestOptions: (client) => passkeys.requestOptions(client),
  };
}
