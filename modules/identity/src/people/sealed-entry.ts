import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { Admission } from '../admission/admission.ts';
import type { BegunSession } from '../sessions/begin-session.ts';
import { stateOf, type UserStore } from './user-store.ts';

/**
 * The one way into an account without password, factors and provider: somebody else has checked both of its sealed codes, or one of
 * them and a passkey of its own.
 */
export type SealedEntry = {
  /** In the transaction that spent the codes. Throws `user_disabled`. */
  begin(
    transaction: Transaction,
    account: {
      readonly userId: string;
      readonly client: Client;
      /** What the passkey said of itself, where it was one code and a passkey. */
      readonly passkey?: JsonObject;
    },
  ): Promise<BegunSession>;
};

export function createSealedEntry(needs: {
  readonly userStore: Pick<UserStore, 'find'>;
  readonly admission: Pick<Admission, 'admit'>;
}): SealedEntry {
  return {
    async begin(transaction, { userId, client, passkey }) {
      const user = await needs.userStore.find(transaction, userId);
      if (user === undefined || stateOf(user) !== 'active')
        throw new IdentityError('user_disabled', 'Cannot open this account: it was disabled');
      const admitted = await needs.admission.admit(transaction, {
        user,
        client,
        ...(passkey === undefined
          ? { shown: { methods: ['sealed', 'sealed'] } }
          : { shown: { methods: ['sealed', 'passkey'] }, passkey }),
      });
      if ('begun' in admitted) return admitted.begun;
      throw new TypeError('Cannot open a sealed account: what opens it is enough, whatever roles require');
    },
  };
}
