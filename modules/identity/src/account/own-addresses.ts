import type { Principal } from '@sallyport/platform/http';
import { accountEvent } from '../audit-record.ts';
import { maskedAddress, type CodeKind } from '../codes/code-message.ts';
import type { CodeAddress, CodeStore } from '../codes/code-store.ts';
import type { SentCodes } from '../codes/sent-codes.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';

/** Where the codes of whoever asks are sent. Each change leaves its event, which names the address in part, before it resolves. */
export type OwnAddresses = {
  /** Those that were confirmed; and the ways by which more could be added now. */
  list(by: Principal): Promise<{ readonly addresses: readonly CodeAddress[]; readonly kinds: readonly CodeKind[] }>;
  /** Throws as `SentCodes.addAddress`. */
  add(request: {
    readonly by: Principal;
    readonly kind: CodeKind;
    readonly address: string;
  }): Promise<{ readonly id: string }>;
  /** Throws `proof_refused`. */
  confirm(request: { readonly by: Principal; readonly id: string; readonly code: string }): Promise<void>;
  /** Throws `factor_not_found`. */
  remove(request: { readonly by: Principal; readonly id: string }): Promise<void>;
};

export function createOwnAddresses(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly codeStore: CodeStore;
    readonly sentCodes: SentCodes;
  },
): OwnAddresses {
  const { database, outbox, clock, codeStore, sentCodes } = needs;
  return {
    async list(by) {
      const addresses = (await codeStore.addressesOf(database, by.id)).filter(({ isVerified }) => isVerified);
      const enabled = await codeStore.enabledKinds(database);
      return { addresses, kinds: (['email', 'sms'] as const).filter((kind) => enabled.has(kind)) };
    },

    add: ({ by, kind, address }) => sentCodes.addAddress({ userId: by.id, kind, address }),

    async confirm({ by, id, code }) {
      const isRight = await database.transaction().execute(async (transaction) => {
        if (!(await sentCodes.confirmAddress(transaction, { userId: by.id, id, code }))) return false;
        const added = (await codeStore.addressesOf(transaction, by.id)).find((one) => one.id === id);
        const label = added === undefined ? '' : maskedAddress(added.kind, added.address);
        const details = { method: 'code', label };
        const event = accountEvent({ nowMs: clock.nowMs(), action: 'user.factor', by, user: by, details });
        await outbox.record(transaction, event);
        return true;
      });
      await outbox.flushed();
      if (!isRight)
        throw new IdentityError('proof_refused', 'Cannot add this address: the code is wrong or has expired');
    },

    async remove({ by, id }) {
      await database.transaction().execute(async (transaction) => {
        const found = (await codeStore.addressesOf(transaction, by.id)).find((one) => one.id === id);
        if (found === undefined || !(await codeStore.removeAddress(transaction, by.id, id)))
          throw new IdentityError('factor_not_found', `Cannot remove address "${id}": must be one of your own`);
        const details = { method: 'code', label: maskedAddress(found.kind, found.address) };
        const event = accountEvent({ nowMs: clock.nowMs(), action: 'user.factor-remove', by, user: by, details });
        await outbox.record(transaction, event);
      });
      await outbox.flushed();
    },
  };
}
