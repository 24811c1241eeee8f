import { verifyAssertion } from './assertion.ts';
import type { Assertion } from './assertion.ts';
import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import { statementOf } from './judging.ts';
import { mustFind } from './proposals.ts';
import type { Approver, Intent, Moment, Section } from './section.ts';
import { digestOf } from './statement.ts';
import { refusal } from './store.ts';

const signable: ReadonlySet<string> = new Set(['proposed', 'rotated', 'removed']);
const signaturesNeeded = 2;

/**
 * Takes one person's signature of an intent. It counts when it is an assertion of an enrolled passkey over the digest of
 * exactly this list, by somebody who has not signed yet. Throws `destruction_refused`, which says why it does not.
 */
export function sign(context: DeskContext, id: string, assertion: Assertion): void {
  const { store, state } = context;
  const section = store.get();
  const intent = mustFind(section, id);
  refuseUnsignable(intent);
  const approver = section.approvers.find((one) => one.credentialId === assertion.credentialId);
  if (approver === undefined)
    throw refusal(
      'Cannot accept the signature: this passkey is not enrolled to agree to destructions',
      'enrol it first: sallyport vault approvers, or in the console under Retention',
    );
  if (!isEffective(context, approver))
    throw refusal(
      `Cannot accept the signature: the passkey of "${approver.name}" was enrolled too recently`,
      'a passkey counts after the waiting time, so that nobody enrols one and destroys with it at once',
    );
  const [other] = intent.signatures;
  if (other !== undefined && (other.userId === approver.userId || other.publicKey === approver.publicKey))
    throw refusal(`Cannot accept the signature: "${approver.name}" has signed already`, 'somebody else has to agree');
  const { counter } = verifyAssertion(assertion, {
    passkey: approver,
    digest: digestOf(statementOf(state.vault, intent)),
  });
  if (approver.counter > 0 && counter <= approver.counter)
    throw refusal('Cannot accept the signature: the passkey was used since, or there is a copy of it');
  const { userId, name, credentialId, publicKey, hostName } = approver;
  const { clientDataJson, authenticatorData, signature } = assertion;
  const signed = {
    userId,
    name,
    credentialId,
    publicKey,
    hostName,
    clientDataJson,
    authenticatorData,
    signature,
    atMs: context.nowMs(),
  };
  store.update((before) =>
    withEntry(
      {
        ...before,
        approvers: before.approvers.map((one) => (one.credentialId === credentialId ? { ...one, counter } : one)),
        intents: before.intents.map((one) =>
          one.id === id ? withSignature(one, signed, store.moment(before.nextSequence)) : one,
        ),
      },
      context.nowMs(),
      {
        action: 'vault.destruction_signed',
        message: `"${name}" signed the destruction of ${intent.keyIds.length} keys`,
        by: { id: userId, name },
        target: { type: 'destruction', id },
        details: {
          kind: intent.kind,
          round: intent.round,
          order: intent.signatures.length + 1,
          digest: digestOf(statementOf(state.vault, intent)),
          credential_id: credentialId,
        },
      },
    ),
  );
}

function refuseUnsignable(intent: Intent): void {
  const isSuspended = intent.suspended !== undefined;
  if (intent.kind === 'expiry' && !isSuspended) throw refusal('Cannot sign: what has expired takes no signature');
  if (intent.stage !== 'proposed' && !(signable.has(intent.stage) && isSuspended))
    throw refusal(`Cannot sign destruction "${intent.id}": it is ${intent.stage}`);
  if (intent.signatures.length >= signaturesNeeded) throw refusal('Cannot sign: two people have signed already');
}

/** The first signature begins the waiting time; the second lifts what was suspended. */
function withSignature(intent: Intent, signature: Intent['signatures'][number], moment: Moment): Intent {
  const signatures = [...intent.signatures, signature];
  if (signatures.length === 1) return { ...intent, signatures, signed: moment };
  const { suspended: _, ...standing } = intent;
  return { ...standing, signatures };
}

/** The first two people count at once: nobody was there who could have agreed to them. */
export function isEffective({ facts }: Pick<DeskContext, 'facts'>, { isFounder, since }: Approver): boolean {
  const { evidence, section } = facts();
  return isFounder || evidence.obstacle(since, section.waitMs) === undefined;
}

/** Signatures of these intents do not count any more; the digest of the next round is another. */
export function suspendIntents(section: Section, concerns: (intent: Intent) => boolean, why: string): Section {
  return {
    ...section,
    intents: section.intents.map((intent) => {
      const isOpen = ['proposed', 'begun', 'rotated', 'removed'].includes(intent.stage);
      if (!isOpen || !concerns(intent)) return intent;
      const { signed: _, ...rest } = intent;
      return { ...rest, round: intent.round + 1, signatures: [], suspended: why };
    }),
  };
}
