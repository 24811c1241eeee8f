import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import { refusalOf } from '../factors/passkey-policy.ts';
import type { PasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import type { Passkey, PasskeyStore } from '../factors/passkey-store.ts';
import type { TotpFactor } from '../factors/totp.ts';
import { effectiveRolesOf, rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { OwnedFactor } from './judgement.ts';

/**
 * With what people could come in now: not what they once added, but what would be accepted. Whoever may take the last way in from
 * administrators asks here, in the transaction that takes it: two who each leave the other's cannot both succeed.
 */
export type WaysIn = {
  of(where: Database | Transaction, users: readonly User[]): Promise<ReadonlyMap<string, readonly OwnedFactor[]>>;
  /** Active administrators who have a factor that would be accepted; and those who have none and come by a provider's word. */
  administrators(
    where: Database | Transaction,
  ): Promise<{ readonly withFactor: ReadonlySet<string>; readonly byProvider: ReadonlySet<string> }>;
  /**
   * Does it, and throws `certificate_authority_lock_out` when it took the last administrator's way in; the operator may. What mends
   * something is never in the way: where nobody had one before, nothing is taken.
   */
  keeping(transaction: Transaction, by: Pick<Principal, 'kind'>, work: () => Promise<void>): Promise<void>;
};

export function createWaysIn(needs: {
  readonly userStore: Pick<UserStore, 'list'>;
  readonly totp: Pick<TotpFactor, 'listConfirmed'>;
  readonly passkeyStore: Pick<PasskeyStore, 'listAll'>;
  readonly passkeyPolicyStore: Pick<PasskeyPolicyStore, 'read'>;
  readonly certificateOwners: (where: Database | Transaction, among: readonly string[]) => Promise<ReadonlySet<string>>;
}): WaysIn {
  const of: WaysIn['of'] = async (where, users) => {
    const withTotp = new Set(await needs.totp.listConfirmed(where));
    const withCertificate = await needs.certificateOwners(
      where,
      users.map(({ id }) => id),
    );
    const passkeys = new Map<string, Passkey[]>();
    for (const one of await needs.passkeyStore.listAll(where))
      passkeys.set(one.userId, [...(passkeys.get(one.userId) ?? []), one]);
    const accepted = await needs.passkeyPolicyStore.read(where);
    return new Map(
      users.map((user) => {
        const has: OwnedFactor[] = [];
        const own = passkeys.get(user.id) ?? [];
        if (own.some((one) => refusalOf(one, rolesAnywhereOf(user), accepted) === undefined)) has.push('passkey');
        if (withCertificate.has(user.id)) has.push('certificate');
        if (withTotp.has(user.id)) has.push('totp');
        return [user.id, has];
      }),
    );
  };
  const administrators: WaysIn['administrators'] = async (where) => {
    const users = (await needs.userStore.list(where)).filter(
      (user) => stateOf(user) === 'active' && effectiveRolesOf(user).includes('admin'),
    );
    const ways = await of(where, users);
    const able = ({ id }: User): boolean => (ways.get(id) ?? []).length > 0;
    const others = users.filter((user) => !able(user) && user.passwordHash === undefined);
    const idsOf = (all: readonly User[]): ReadonlySet<string> => new Set(all.map(({ id }) => id));
    return { withFactor: idsOf(users.filter(able)), byProvider: idsOf(others) };
  };

  return {
    of,
    administrators,
    async keeping(transaction, by, work) {
      if (by.kind === 'operator') return work();
      const before = await administrators(transaction);
      await work();
      // A provider may be away on the very day: its word alone is no way to rely on.
      if (before.withFactor.size === 0 || (await administrators(transaction)).withFactor.size > 0) return;
      throw new IdentityError(
        'certificate_authority_lock_out',
        'Cannot do this: at least one administrator must keep a factor that is accepted',
        {
          hint: 'add a passkey to your own account first, under Settings, Account; or ask the operator of the machine',
        },
      );
    },
  };
}
