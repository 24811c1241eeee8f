import { heldRights } from '@sallyport/access-policy';
import type { AccessPolicy } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import type { AllowedNow } from '../needs.ts';
import { effectiveRolesOf, type User } from './user-store.ts';

/** What these roles are good for at most, signed in with a passkey: what keys and programs of whoever holds them may rest on. */
export function allowedAtBest(
  policy: Pick<AccessPolicy, 'permissionsOf'>,
  held: Pick<User, 'roles' | 'providedRoles' | 'siteRoles'>,
): AllowedNow {
  const { siteRoles = [] } = held;
  const best: Principal = {
    kind: 'user',
    id: 'somebody',
    name: '',
    scopes: [],
    assurance: 3,
    roles: effectiveRolesOf(held),
    siteRoles,
  };
  const sites = [...new Set(siteRoles.map(({ site }) => site))];
  return {
    allowed: heldRights(policy, best),
    siteScopes: sites.map((site) => ({ site, scopes: heldRights(policy, best, { site }) })),
  };
}
