import type { Principal } from '@sallyport/platform/http';
import type { PeopleNeeds } from '../needs.ts';
import { createPrincipalOf } from '../sessions/session-principal.ts';
import { stateOf, type UserStore } from './user-store.ts';

/**
 * A person as they are now, having proved who they are so at some time: for programs they let in, which have no session of theirs.
 * `settledAtMs` is when their account or password last began anew, after which what they let in before is over. Undefined when
 * there is nobody of this id, and while they may not come in.
 */
export type PersonNow = (
  userId: string,
  proof: Required<Pick<Principal, 'assurance' | 'authenticatedAtMs' | 'methods'>>,
) => Promise<{ readonly principal: Principal; readonly settledAtMs: number } | undefined>;

export function createPersonNow(
  needs: Pick<PeopleNeeds, 'database' | 'policy' | 'clock'> & { readonly userStore: UserStore },
): PersonNow {
  const principalOf = createPrincipalOf({ policy: needs.policy, clock: needs.clock });
  return async (userId, { assurance, authenticatedAtMs, methods }) => {
    const user = await needs.userStore.find(needs.database, userId);
    if (user === undefined || stateOf(user) !== 'active') return undefined;
    // What somebody holds for a time, they hold with the session that asked for it alone.
    const { sessionId: _none, ...principal } = principalOf(user, { id: '', assurance, authenticatedAtMs, methods });
    return { principal, settledAtMs: Math.max(user.activatedAtMs ?? 0, user.passwordChangedAtMs ?? 0) };
  };
}
