import { KeyVaultError } from '../errors.ts';
import { readCoseKey } from './cose-key.ts';
import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import type { Approver } from './section.ts';
import { suspendIntents } from './signing.ts';
import { refusal } from './store.ts';

/** A passkey of a person, as the server's records of people have it. */
export type OfferedPasskey = {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly hostName: string;
  readonly counter: number;
};

const maxApprovers = 50;
const foundersNeeded = 2;

/**
 * Passkeys of one person that may agree to destructions. Those of the first two people count at once; all others after the
 * waiting time, even when everybody else was withdrawn meanwhile. Throws `destruction_refused`.
 */
export function enrol(
  context: DeskContext,
  person: { readonly userId: string; readonly name: string; readonly passkeys: readonly OfferedPasskey[] },
  by: string,
): void {
  const { store } = context;
  const { approvers, founders } = store.get();
  const known = new Set(approvers.map(({ credentialId }) => credentialId));
  const fresh = person.passkeys.filter(({ credentialId }) => !known.has(credentialId));
  if (person.passkeys.length === 0)
    throw refusal(
      `Cannot enrol "${person.name}": there is no passkey of theirs for this host name`,
      'make one in the console under "Your account", at the address the console is used with',
    );
  if (fresh.length === 0) throw refusal(`Cannot enrol "${person.name}": each of their passkeys is enrolled already`);
  if (approvers.length + fresh.length > maxApprovers)
    throw refusal(`Cannot enrol "${person.name}": there would be more than ${maxApprovers} passkeys`);
  const keys = new Set(approvers.map(({ publicKey }) => publicKey));
  for (const { publicKey } of fresh) {
    readCoseKey(Buffer.from(publicKey, 'base64url'));
    if (keys.has(publicKey)) throw refusal('Cannot enrol the passkey: somebody else is enrolled with the same key');
  }
  const isFounder = founders.length < foundersNeeded && !founders.includes(person.userId);
  store.update((section) => {
    const made = fresh.map((passkey): Approver => ({
      ...passkey,
      userId: person.userId,
      name: person.name,
      by,
      since: store.moment(section.nextSequence),
      isFounder,
    }));
    return withEntry(
      {
        ...section,
        approvers: [...section.approvers, ...made],
        founders: isFounder ? [...section.founders, person.userId] : section.founders,
      },
      context.nowMs(),
      {
        action: 'vault.approver_enrolled',
        message: `"${person.name}" may agree to destructions ${isFounder ? 'from now on' : 'after the waiting time'}`,
        by: { id: by },
        target: { type: 'approver', id: person.userId },
        details: {
          name: person.name,
          credential_ids: made.map(({ credentialId }) => credentialId),
          counts_at_once: isFounder,
        },
      },
    );
  });
}

/** At once; what it signed and is not carried out yet has to be signed anew. Throws `vault_key_unknown`. */
export function withdraw(
  context: DeskContext,
  credentialId: string,
  { by, reason }: { by: string; reason: string },
): void {
  const found = context.store.get().approvers.find((one) => one.credentialId === credentialId);
  if (found === undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot withdraw passkey "${credentialId}": it is not enrolled`);
  context.store.update((section) =>
    withEntry(
      suspendIntents(
        { ...section, approvers: section.approvers.filter((one) => one.credentialId !== credentialId) },
        ({ signatures, stage }) => stage !== 'removed' && signatures.some((one) => one.credentialId === credentialId),
        `a passkey of "${found.name}" that had signed was withdrawn`,
      ),
      context.nowMs(),
      {
        action: 'vault.approver_withdrawn',
        message: `A passkey of "${found.name}" agrees to destructions no more`,
        by: { id: by },
        target: { type: 'approver', id: found.userId },
        details: { credential_id: credentialId, reason },
      },
    ),
  );
}
