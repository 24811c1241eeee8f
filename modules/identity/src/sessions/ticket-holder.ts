import type { Database, Transaction } from '@sallyport/platform/database';
import type { Shown } from '../admission/assurance.ts';
import { IdentityError } from '../errors.ts';
import { stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { Tickets } from '../tickets/tickets.ts';

/** Whose turn a ticket is and what they have shown so far, if it has tries left and they may sign in. Throws `ticket_invalid`. */
export type HolderOf = (
  where: Database | Transaction,
  ticket: string,
) => Promise<{ readonly user: User; readonly shown: Shown }>;

const maxAttemptsPerTicket = 5;

export function createHolderOf(needs: { readonly tickets: Tickets; readonly userStore: UserStore }): HolderOf {
  return async (where, ticket) => {
    const found = await needs.tickets.find(where, 'second-factor', ticket);
    const user = found?.userId === undefined ? undefined : await needs.userStore.find(where, found.userId);
    if (
      found === undefined ||
      found.attempts >= maxAttemptsPerTicket ||
      found.shown === undefined ||
      user === undefined ||
      stateOf(user) !== 'active'
    )
      throw new IdentityError('ticket_invalid', 'Cannot go on signing in: the step was used, has expired or is wrong');
    return { user, shown: found.shown };
  };
}
