import type { JsonObject } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Clock } from '@sallyport/platform/clock';
import type { Client } from '@sallyport/platform/http';
import { coseAlgorithm } from '../people/credentials-held.ts';
import type { Challenges } from './challenges.ts';
import { defaultPolicy, modelOf, refusalOf, refusalWords, type Provenance } from './passkey-policy.ts';
import type { PasskeyPolicyStore } from './passkey-policy-store.ts';
import {
  creationOptions,
  provenanceDetails,
  requestOptions,
  usedPasskey,
  verifyCreation,
  verifyRequest,
  type CreationResponse,
  type RequestResponse,
} from './passkeys.ts';

/** A passkey as whoever keeps it must give it back. */
type SealedPasskey = Provenance & {
  /** Credential id, base64url. */
  readonly id: string;
  /** The host name it was made for; it is good for no other. */
  readonly hostName: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
};

/**
 * Passkeys of accounts that are opened with sealed codes. Whoever keeps the codes keeps them too, and none is among people's own:
 * by itself it signs nobody in, at no other door. Made so that the authenticator keeps them: whoever asks for a challenge is
 * named none.
 */
export type SealedPasskeys = {
  /** Throws `passkey_needs_name`. */
  creationOptions(request: {
    readonly client: Client;
    readonly account: { readonly userId: string; readonly name: string };
    readonly known: readonly Pick<SealedPasskey, 'id'>[];
  }): Promise<object>;
  /** Throws `passkey_refused`, also where the organisation's rules refuse it for `roles`. */
  accept(request: {
    readonly client: Client;
    readonly userId: string;
    readonly roles: readonly string[];
    readonly response: CreationResponse;
  }): Promise<{ readonly passkey: SealedPasskey; readonly challenge: string; readonly facts: JsonObject }>;
  /** Throws `passkey_needs_name`. */
  requestOptions(client: Client): Promise<object>;
  /**
   * Throws `passkey_refused` unless everything is right, the counter included. Rules that have changed since keep nobody out: the
   * last door must not be closed by a list. What they say of it stands in the facts.
   */
  verify(request: {
    readonly client: Client;
    readonly roles: readonly string[];
    readonly passkey: SealedPasskey;
    readonly response: RequestResponse;
  }): Promise<{ readonly counter: number; readonly challenge: string; readonly facts: JsonObject }>;
  /** In the transaction that accepts the answer; false when it was used before. */
  spend(where: Database | Transaction, challenge: string): Promise<boolean>;
  /** Its make by the imported metadata, why the rules would refuse it for `roles` now, and its algorithm (COSE, RFC 9053). */
  lookUp(
    passkey: SealedPasskey,
    roles: readonly string[],
  ): Promise<{
    readonly model?: string;
    readonly refusedBecause?: string;
    readonly algorithm: number | undefined;
  }>;
};

export function createSealedPasskeys(needs: {
  readonly database: Database;
  readonly clock: Clock;
  readonly challenges: Challenges;
  readonly passkeyPolicyStore: PasskeyPolicyStore;
}): SealedPasskeys {
  const { database, clock, challenges, passkeyPolicyStore } = needs;
  return {
    async creationOptions({ client, account: { userId, name }, known }) {
      const challenge = challenges.issue('sealed-create', userId);
      const rules = await passkeyPolicyStore.read(database);
      return creationOptions({ site: client, user: { id: userId, name }, challenge, known, rules, mustBeKept: true });
    },
    async accept({ client, userId, roles, response }) {
      const rules = await passkeyPolicyStore.read(database);
      const isOurs = (challenge: string): boolean => challenges.check(challenge, 'sealed-create', userId);
      const made = await verifyCreation({ site: client, response, isOurs, rules, roles, nowMs: clock.nowMs() });
      const { id, hostName, counter, challenge, aaguid, attestation, isAttested, isBackupEligible } = made;
      const passkey = {
        id,
        hostName,
        counter,
        publicKey: Buffer.from(made.publicKey).toString('base64url'),
        ...(aaguid === undefined ? {} : { aaguid }),
        ...(attestation === undefined ? {} : { attestation }),
        isAttested,
        ...(isBackupEligible === undefined ? {} : { isBackupEligible }),
      };
      return { passkey, challenge, facts: provenanceDetails(passkey, 'accepted') };
    },
    requestOptions: (client) =>
      requestOptions({ site: client, challenge: challenges.issue('sealed-open'), passkeys: [] }),
    async verify({ client, roles, passkey, response }) {
      const { use, challenge } = await verifyRequest({
        site: client,
        response,
        passkey: { ...passkey, publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')) },
        isOurs: (given) => challenges.check(given, 'sealed-open'),
        rules: { policy: defaultPolicy },
        roles: [],
      });
      const rules = await passkeyPolicyStore.read(database);
      const verdict = refusalOf(passkey, roles, rules) ?? 'accepted';
      return { counter: use.counter, challenge, facts: { ...usedPasskey(passkey, use, rules), verdict } };
    },
    spend: (where, challenge) => challenges.take(where, challenge),
    async lookUp(passkey, roles) {
      const rules = await passkeyPolicyStore.read(database);
      const model = modelOf(passkey.aaguid, rules.metadata)?.name;
      const why = refusalOf(passkey, roles, rules);
      return {
        algorithm: coseAlgorithm(Buffer.from(passkey.publicKey, 'base64url')),
        ...(model === undefined ? {} : { model }),
        ...(why === undefined ? {} : { refusedBecause: refusalWords[why] }),
      };
    },
  };
}
