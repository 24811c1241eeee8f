import { verifyAssertion } from './assertion.ts';
import type { Assertion } from './assertion.ts';
import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import { isCounting } from './approver-judging.ts';
import { withoutStop } from './approver-list.ts';
import { refuseBacklog, refuseManySigned } from './bounds.ts';
import { statementOf } from './judging.ts';
import { mustFind } from './proposals.ts';
import type { Approver, Intent, Moment } from './section.ts';
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
  const isReinstating = intent.approver?.change === 'reinstate';
  if (approver.stopped !== undefined && !isReinstating)
    throw refusal(
      `Cannot accept the signature: the passkey of "${approver.name}" was stopped`,
      'two people who are enrolled agree that it counts again, in the console under Retention',
    );
  // A server that stopped everybody is undone by any two of them.
  if (!isEffective(context, isReinstating ? withoutStop(approver) : approver))
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
  refuseBacklog(section);
  if (intent.signatures.length === 0) refuseManySigned(section, approver.userId);
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
        message: `"${name}" signed ${signedWords(intent)}`,
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

function signedWords({ kind, keyIds, approver }: Intent): string {
  if (kind === 'policy') return 'a retention policy';
  if (kind === 'release') return 'the release of a legal hold';
  if (kind === 'approver')
    return `another list of those who agree: "${approver?.name ?? ''}", ${approver?.change ?? ''}`;
  return `the destruction of ${keyIds.length} keys`;
}

/** The first signature begins the waiting time; the second lifts what was suspended. */
function withSignature(intent: Intent, signature: Intent['signatures'][number], moment: Moment): Intent {
  const signatures = [...intent.signatures, signature];
  const { suspended: _, ...standing } = intent;
  if (signatures.length > 1) return { ...standing, signatures };
  // Where one signature is enough, it lifts what was suspended too.
  return { ...(intent.approver?.isAlone === true ? standing : intent), signatures, signed: moment };
}

/** Whether its signatures count now. */
export function isEffective({ facts }: Pick<DeskContext, 'facts'>, approver: Approver): boolean {
  return isCounting(facts(), approver);
}
