import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { effectiveRolesOf, stateOf, type User, type UserStore } from './user-store.ts';

/**
 * The person behind a key or a service account as they are now, for good and at their best: bound, with a passkey, without what they
 * hold for a time. Whoever is disabled or gone holds nothing. What their programs may do rests on it, so somebody who was sent a new
 * link to begin anew counts as before.
 */
export type AnsweringPerson = (where: Database | Transaction, userId: string) => Promise<Principal>;

export function createAnsweringPerson(userStore: Pick<UserStore, 'find'>): AnsweringPerson {
  return async (where, userId) => asAnswering(userId, await userStore.find(where, userId));
}

function asAnswering(id: string, user: User | undefined): Principal {
  const best = { kind: 'user', id, scopes: [], assurance: 3, methods: ['passkey'], browserKey: 'at-best' } as const;
  if (user === undefined || stateOf(user) === 'disabled') return { ...best, name: user?.name ?? '', roles: [] };
  return {
    ...best,
    name: user.name,
    roles: effectiveRolesOf(user),
    ...(user.siteRoles === undefined ? {} : { siteRoles: user.siteRoles }),
  };
}
