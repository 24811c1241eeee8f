import { KeyVaultError } from '../errors.ts';
import type { ByWhom } from '../key-life.ts';
import { foundersNeeded, renewed, withApprovers } from './approver-list.ts';
import { readCoseKey } from './cose-key.ts';
import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import { addIntent, mustFind } from './proposals.ts';
import type { Approver, ApproverChange, Intent, Section } from './section.ts';
import { refusal } from './store.ts';
import { withoutSignatures } from './suspending.ts';

/** A passkey of a person, as the server's records of people have it. */
export type OfferedPasskey = {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly hostName: string;
  readonly counter: number;
};
export type OfferedPerson = {
  readonly userId: string;
  readonly name: string;
  readonly passkeys: readonly OfferedPasskey[];
};

/** `isAlone`: no two people are left who could sign; one signature and a long wait, or a longer one, take their place. */
export type ChangeAsked = ByWhom & { readonly isAlone?: boolean };

const maxApprovers = 50;
const maxOfOnePerson = 5;

/**
 * Passkeys of one person that are to agree to destructions. While fewer than two people ever could, they are taken at the
 * server's word: the first two people's count at once. From then on this only proposes it, and two of those who count agree with
 * their passkeys. Answers with the proposal, if it is one. Throws `destruction_refused`.
 */
export function enrol(context: DeskContext, person: OfferedPerson, asked: ChangeAsked): Intent | undefined {
  const { store } = context;
  const { approvers, founders } = store.get();
  const passkeys = freshPasskeys(approvers, person);
  if (founders.length >= foundersNeeded) {
    const { userId, name } = person;
    return proposeChange(context, { change: 'enrol', userId, name, passkeys }, asked);
  }
  const isFounder = !founders.includes(person.userId);
  store.update((section) => {
    const since = store.moment(section.nextSequence);
    const made = passkeys.map((passkey): Approver => {
      const { userId, name } = person;
      return { ...passkey, userId, name, by: asked.by, since, isFounder };
    });
    const next = withApprovers(section, [...section.approvers, ...made]);
    return withEntry(
      { ...next, founders: isFounder ? [...section.founders, person.userId] : section.founders },
      context.nowMs(),
      {
        action: 'vault.approver_enrolled',
        message: `"${person.name}" may agree to destructions ${isFounder ? 'from now on' : 'after the waiting time'}, and nobody had to agree to that`,
        by: { id: asked.by },
        target: { type: 'approver', id: person.userId },
        details: {
          name: person.name,
          credential_ids: made.map(({ credentialId }) => credentialId),
          counts_at_once: isFounder,
          agreed_by: [],
        },
      },
    );
  });
  return undefined;
}

/** Those not enrolled yet, each a key of its own that can be read. */
function freshPasskeys(approvers: readonly Approver[], { userId, name, passkeys }: OfferedPerson): OfferedPasskey[] {
  const known = new Set(approvers.map(({ credentialId }) => credentialId));
  const fresh = passkeys.filter(({ credentialId }) => !known.has(credentialId));
  if (passkeys.length === 0)
    throw refusal(
      `Cannot enrol "${name}": there is no passkey of theirs for this host name`,
      'make one in the console under "Your account", at the address the console is used with',
    );
  if (fresh.length === 0) throw refusal(`Cannot enrol "${name}": each of their passkeys is enrolled already`);
  const own = approvers.filter((one) => one.userId === userId).length + fresh.length;
  if (own > maxOfOnePerson)
    throw refusal(
      `Cannot enrol "${name}": there would be ${own} passkeys of theirs, must be at most ${maxOfOnePerson}`,
    );
  if (approvers.length + fresh.length > maxApprovers)
    throw refusal(`Cannot enrol "${name}": there would be more than ${maxApprovers} passkeys`);
  const keys = new Set(approvers.map(({ publicKey }) => publicKey));
  for (const { publicKey } of fresh) {
    readCoseKey(Buffer.from(publicKey, 'base64url'));
    if (keys.has(publicKey)) throw refusal('Cannot enrol the passkey: somebody else is enrolled with the same key');
    keys.add(publicKey);
  }
  return fresh.map(({ credentialId, publicKey, hostName, counter }) => ({
    credentialId,
    publicKey,
    hostName,
    counter,
  }));
}

/**
 * The passkey signs nothing from now on, and what it signed and is not carried out has to be signed anew. While fewer than two
 * people ever could sign it is off the list with that; later two people agree to take it off, and the proposal is the answer: a
 * server that was taken over can stop everybody, and can put nobody in their place. Throws `vault_key_unknown`.
 */
export function withdraw(context: DeskContext, credentialId: string, asked: ChangeAsked): Intent | undefined {
  const { store } = context;
  const found = mustBeEnrolled(store.get(), credentialId);
  const isBound = store.get().founders.length >= foundersNeeded;
  if (!isBound || found.stopped === undefined) {
    const { by, reason } = asked;
    const stopped = { by, reason, atMs: context.nowMs() };
    store.update((section) => {
      const approvers = isBound
        ? section.approvers.map((one) => (one.credentialId === credentialId ? { ...one, stopped } : one))
        : section.approvers.filter((one) => one.credentialId !== credentialId);
      return withEntry(withoutSignatures(renewed(context, withApprovers(section, approvers)), found), context.nowMs(), {
        action: isBound ? 'vault.approver_stopped' : 'vault.approver_withdrawn',
        message: isBound
          ? `A passkey of "${found.name}" signs nothing until two people agree that it does`
          : `A passkey of "${found.name}" agrees to destructions no more`,
        by: { id: by },
        target: { type: 'approver', id: found.userId },
        details: { credential_id: credentialId, reason },
      });
    });
  }
  return isBound ? proposeChange(context, changeOf('remove', found), asked) : undefined;
}

/** Proposes that a passkey that was stopped counts again. Throws `destruction_refused`, `vault_key_unknown`. */
export function reinstate(context: DeskContext, credentialId: string, asked: ChangeAsked): Intent {
  const found = mustBeEnrolled(context.store.get(), credentialId);
  if (found.stopped === undefined) throw refusal(`Cannot reinstate a passkey of "${found.name}": it was not stopped`);
  return proposeChange(context, changeOf('reinstate', found), asked);
}

type Wanted = Pick<ApproverChange, 'change' | 'userId' | 'name' | 'passkeys'>;

function changeOf(change: 'remove' | 'reinstate', approver: Approver): Wanted {
  const { userId, name, credentialId, publicKey, hostName, counter } = approver;
  return { change, userId, name, passkeys: [{ credentialId, publicKey, hostName, counter }] };
}

function proposeChange(context: DeskContext, wanted: Wanted, { by, reason, isAlone = false }: ChangeAsked): Intent {
  const { store } = context;
  const { approverList: list = 0, intents } = store.get();
  const approver = { ...wanted, passkeys: [...wanted.passkeys], list, isAlone };
  // To the byte: a proposal somebody planted under this passkey's id is not the one that was asked for.
  const exactly = ({ userId, passkeys }: Pick<ApproverChange, 'userId' | 'passkeys'>): string =>
    JSON.stringify([
      userId,
      passkeys.map(({ credentialId, publicKey, hostName }) => [credentialId, publicKey, hostName]),
    ]);
  const twin = intents.find(
    (one) =>
      one.stage === 'proposed' &&
      one.approver?.change === approver.change &&
      one.approver.isAlone === isAlone &&
      exactly(one.approver) === exactly(approver),
  );
  if (twin !== undefined) return twin;
  const id = addIntent(context, { kind: 'approver', approver, reason }, { by, keyIds: [] }, (intent) => ({
    action: isAlone ? 'vault.approver_recovery_begun' : 'vault.approver_proposed',
    message: `${wordsOf[wanted.change](wanted.name)}${isAlone ? ', with fewer than two signatures after weeks' : ''}`,
    by: { id: by },
    target: { type: 'destruction', id: intent.id },
    details: {
      change: wanted.change,
      name: wanted.name,
      user_id: wanted.userId,
      credential_ids: wanted.passkeys.map(({ credentialId }) => credentialId),
      reason,
    },
  }));
  return mustFind(store.get(), id);
}

const wordsOf: Readonly<Record<ApproverChange['change'], (name: string) => string>> = {
  enrol: (name) => `It was proposed that "${name}" may agree to destructions`,
  remove: (name) => `It was proposed that a passkey of "${name}" is no longer among those that agree to destructions`,
  reinstate: (name) => `It was proposed that a passkey of "${name}" that was stopped counts again`,
};

function mustBeEnrolled(section: Section, credentialId: string): Approver {
  const found = section.approvers.find((one) => one.credentialId === credentialId);
  if (found === undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot find passkey "${credentialId}": it is not enrolled`);
  return found;
}
