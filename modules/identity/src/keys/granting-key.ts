import { holdsAt } from '@sallyport/access-policy';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import { formatSiteRoles } from '../people/site-roles.ts';
import { effectiveRolesOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { ApiKey, KeyStore, StoredKey } from './key-store.ts';

/**
 * The key of whoever asks, read in this transaction: it may have been revoked since the request was let in. Of a person,
 * who has no key, that they are still what they were.
 */
export async function findGranting(
  { keyStore, users }: { readonly keyStore: KeyStore; readonly users: Pick<UserStore, 'find'> },
  transaction: Transaction,
  { by, nowMs }: { readonly by: Principal; readonly nowMs: number },
): Promise<StoredKey | undefined> {
  switch (by.kind) {
    case 'operator':
      return undefined;
    case 'user': {
      // A key outlasts what they hold for a time, and they would go on with it.
      if ((by.grantIds ?? []).length > 0)
        throw new IdentityError(
          'key_grant_widened',
          'Cannot make or wake a key with what you hold for a time: must be by a role of your own',
          { hint: 'give the right back, or ask somebody whose role it is' },
        );
      const user = await users.find(transaction, by.id);
      if (user !== undefined && stateOf(user) === 'active' && isHeldBy(user, by)) return undefined;
      throw new IdentityError('key_grant_widened', `Cannot grant a key as user "${by.id}": their rights have changed`);
    }
    case 'key': {
      const key = await keyStore.find(transaction, by.id);
      if (key !== undefined && endOf(key, nowMs) === undefined) return key;
      throw new IdentityError('key_grant_widened', `Cannot grant a key as key "${by.id}": it is no longer valid`);
    }
    // A key made by a service would outlive the account that its own tokens end with.
    case 'service':
    case 'device':
    case 'agent':
      throw new IdentityError(
        'key_grant_widened',
        `Cannot grant a key as ${by.kind} "${by.id}": must be a person or a key`,
      );
  }
}

/** Whether the roles a request was let in with are still theirs, whoever gave them. */
function isHeldBy(user: User, { roles = [], siteRoles = [] }: Principal): boolean {
  const held = new Set(effectiveRolesOf(user));
  return (
    held.size === new Set(roles).size &&
    roles.every((role) => held.has(role)) &&
    formatSiteRoles(user.siteRoles ?? []) === formatSiteRoles(siteRoles)
  );
}

/** That whoever asks has all this key has. Throws `key_grant_widened`. */
export function requireGranted(key: ApiKey, by: Principal, granting: ApiKey | undefined): void {
  const missing = key.scopes.find((scope) => !holdsAt(by, scope, key.sites));
  if (missing !== undefined)
    throw new IdentityError(
      'key_grant_widened',
      `Cannot let key "${key.id}" be used: it has scope "${missing}", which ${by.kind} "${by.id}" lacks`,
    );
  if (granting !== undefined && isBeyond(key, granting))
    throw new IdentityError(
      'key_grant_widened',
      `Cannot let key "${key.id}" be used: it has another source, other networks, other sites or a later end than key "${by.id}"`,
    );
}

/** In source, networks, sites and end; a key without them has every source, every network, every site and no end. */
function isBeyond(key: ApiKey, granting: ApiKey): boolean {
  const { source, networks, sites, expiresAtMs = Number.POSITIVE_INFINITY } = granting;
  const isFarther = sites !== undefined && key.sites?.every((one) => sites.includes(one)) !== true;
  const isElsewhere = networks !== undefined && key.networks?.every((one) => networks.includes(one)) !== true;
  const isOther = source !== undefined && key.source !== source;
  return isOther || isElsewhere || isFarther || (key.expiresAtMs ?? Number.POSITIVE_INFINITY) > expiresAtMs;
}

/** Who answers for what `by` makes; undefined for the operator. */
export function makerBehind(by: Principal, granting: StoredKey | undefined): string | undefined {
  return by.kind === 'user' ? by.id : granting?.makerId;
}

export function endOf(key: ApiKey, nowMs: number): 'key_revoked' | 'key_expired' | 'key_suspended' | undefined {
  if (key.revokedAtMs !== undefined) return 'key_revoked';
  if (key.suspendedAtMs !== undefined) return 'key_suspended';
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'key_expired' : undefined;
}
