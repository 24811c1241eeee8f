import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import type { CertificatesHeld } from '../certificates/certificates-held.ts';
import { IdentityError } from '../errors.ts';
import { refusalOf, type PasskeyRules } from '../factors/passkey-policy.ts';
import type { PasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import type { Passkey, PasskeyStore } from '../factors/passkey-store.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import { effectiveRolesOf, rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { OwnedFactor } from './judgement.ts';

/**
 * With what people could come in now: not what they once added, but what would be accepted. Whoever may take the last way in from
 * administrators asks here, in the transaction that takes it: two who each leave the other's cannot both succeed.
 */
export type WaysIn = {
  of(
    where: Database | Transaction,
    users: readonly User[],
    /** As if these held. */
    rules?: PasskeyRules,
  ): Promise<ReadonlyMap<string, readonly OwnedFactor[]>>;
  /**
   * Active administrators who have a factor that would be accepted, or a card that was kept in part and may well be; and those who
   * have none and come by a provider's word.
   */
  administrators(
    where: Database | Transaction,
    rules?: PasskeyRules,
  ): Promise<{ readonly withFactor: ReadonlySet<string>; readonly byProvider: ReadonlySet<string> }>;
  /**
   * Does it, and throws `refusal`, or else `certificate_authority_lock_out`, when it took the last administrator's way in; the operator
   * may. What mends something is never in the way: where nobody had one before, nothing is taken.
   */
  keeping(
    transaction: Transaction,
    by: Pick<Principal, 'kind'>,
    work: () => Promise<void>,
    refusal?: () => IdentityError,
  ): Promise<void>;
};

type Way = { readonly has: readonly OwnedFactor[]; readonly hasPerhaps: boolean };

export function createWaysIn(
  needs: Pick<PeopleNeeds, 'answersTo'> & {
    readonly userStore: Pick<UserStore, 'list'>;
    readonly totp: Pick<TotpFactor, 'listConfirmed'>;
    readonly passkeyStore: Pick<PasskeyStore, 'listAll'>;
    readonly passkeyPolicyStore: Pick<PasskeyPolicyStore, 'read'>;
    readonly certificateOwners: CertificatesHeld['owners'];
  },
): WaysIn {
  const waysOf = async (
    where: Database | Transaction,
    users: readonly User[],
    rules: PasskeyRules | undefined,
  ): Promise<ReadonlyMap<string, Way>> => {
    const withTotp = new Set(await needs.totp.listConfirmed(where));
    const certificates = await needs.certificateOwners(
      where,
      users.map(({ id }) => id),
    );
    const passkeys = new Map<string, Passkey[]>();
    for (const one of await needs.passkeyStore.listAll(where)) {
      // It is good for its own name alone: of no use where nobody answers to that any more.
      if (needs.answersTo?.(one.hostName) === false) continue;
      passkeys.set(one.userId, [...(passkeys.get(one.userId) ?? []), one]);
    }
    const accepted = rules ?? (await needs.passkeyPolicyStore.read(where));
    return new Map(
      users.map((user) => {
        const has: OwnedFactor[] = [];
        const own = passkeys.get(user.id) ?? [];
        if (own.some((one) => refusalOf(one, rolesAnywhereOf(user), accepted) === undefined)) has.push('passkey');
        if (certificates.now.has(user.id)) has.push('certificate');
        if (withTotp.has(user.id)) has.push('totp');
        return [user.id, { has, hasPerhaps: certificates.perhaps.has(user.id) }];
      }),
    );
  };
  const of: WaysIn['of'] = async (where, users, rules) =>
    new Map([...(await waysOf(where, users, rules))].map(([id, { has }]) => [id, has]));
  const administrators: WaysIn['administrators'] = async (where, rules) => {
    const users = (await needs.userStore.list(where)).filter(
      (user) => stateOf(user) === 'active' && effectiveRolesOf(user).includes('admin'),
    );
    const ways = await waysOf(where, users, rules);
    // Who has nothing but a card of a version before comes in with it: as if it were none, it would be taken from them unasked.
    const able = ({ id }: User): boolean => (ways.get(id)?.has.length ?? 0) > 0 || ways.get(id)?.hasPerhaps === true;
    const others = users.filter((user) => !able(user) && user.passwordHash === undefined);
    const idsOf = (all: readonly User[]): ReadonlySet<string> => new Set(all.map(({ id }) => id));
    return { withFactor: idsOf(users.filter(able)), byProvider: idsOf(others) };
  };

  return {
    of,
    administrators,
    async keeping(transaction, by, work, refusal = lockOut) {
      if (by.kind === 'operator') return work();
      const before = await administrators(transaction);
      await work();
      // A provider may be away on the very day: its word alone is no way to rely on.
      if (before.withFactor.size === 0 || (await administrators(transaction)).withFactor.size > 0) return;
      throw refusal();
    },
  };
}

function lockOut(): IdentityError {
  return new IdentityError(
    'certificate_authority_lock_out',
    'Cannot do this: at least one administrator must keep a factor that is accepted',
    {
      hint: 'add a passkey to your own account first, under Settings, Account; or ask the operator of the machine',
    },
  );
}
