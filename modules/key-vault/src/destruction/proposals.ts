import type { JsonObject } from '@sallyport/contracts';
import { KeyVaultError } from '../errors.ts';
import type { DeskContext } from './desk-context.ts';
import { refuseBacklog, withoutOld, withPolicy, withRoomFor } from './bounds.ts';
import { withEntry } from './entries.ts';
import type { Said } from './entries.ts';
import { isShorter, statementOf } from './judging.ts';
import { custodyClass, protectedKeys } from './protected-keys.ts';
import type { ApproverChange, Intent, Section } from './section.ts';
import type { IntentKind, RetentionPolicy } from './shown.ts';
import { digestOf } from './statement.ts';
import { refusal } from './store.ts';

export type IntentProposal = {
  readonly kind: IntentKind;
  readonly reason: string;
  readonly keyIds?: readonly string[];
  readonly policy?: RetentionPolicy;
  readonly holdId?: string;
  /** Several holds that are released together. */
  readonly holdIds?: readonly string[];
};
type NewIntent = IntentProposal & { readonly approver?: ApproverChange };

const classPattern = /^[a-z][a-z0-9-]{0,30}$/;
const maxKeepDays = 36_500;

/**
 * Writes down what somebody wants, with its exact list. Nothing follows from it but an entry in the audit trail, until it
 * is signed. Throws `destruction_refused`, `vault_key_unknown`.
 */
export function propose(context: DeskContext, proposal: IntentProposal, by: string): Intent {
  const { store, state } = context;
  const keyIds = [...new Set(proposal.keyIds)].toSorted();
  refuseUnfit(context, proposal, keyIds);
  const { intents } = store.get();
  const twin = intents.find((one) => one.stage === 'proposed' && isSame(one, proposal, keyIds));
  if (twin !== undefined) return twin;
  const id = addIntent(context, proposal, { by, keyIds }, (intent) => ({
    action: 'vault.destruction_proposed',
    message: wordsOf(intent),
    by: { id: by },
    target: { type: 'destruction', id: intent.id },
    details: {
      kind: intent.kind,
      reason: intent.reason,
      digest: digestOf(statementOf(state.vault, intent)),
      ...listOf(intent),
    },
  }));
  return mustFind(store.get(), id);
}

/** Writes one more down, where there is room, with its entry. Answers with its id. Throws `destruction_refused`. */
export function addIntent(
  context: DeskContext,
  wanted: NewIntent,
  { by, keyIds }: { readonly by: string; readonly keyIds: readonly string[] },
  said: (intent: Intent) => Said,
): string {
  const { store } = context;
  const id = context.state.freshId();
  const nowMs = context.nowMs();
  store.update((section) => {
    const kept = wanted.kind === 'expiry' ? withoutOpenExpiries(section, nowMs) : section;
    const room = withRoomFor(kept, { ...wanted, by, keyIds: [...keyIds] }, nowMs);
    const intent = newIntent(id, wanted, { by, keyIds, proposed: store.moment(room.nextSequence) });
    return withEntry({ ...room, intents: [...room.intents, intent] }, nowMs, said(intent));
  });
  return id;
}

/** Keeping longer takes no signature: agreed to as soon as it is asked for. */
export function lengthen(context: DeskContext, policy: RetentionPolicy, reason: string, by: string): Intent {
  const { store } = context;
  const id = context.state.freshId();
  const nowMs = context.nowMs();
  store.update((section) => {
    refuseBacklog(section);
    const kept = withoutOld(withPolicy(section, { ...policy, id, agreedAtMs: nowMs }), 0);
    const made = newIntent(
      id,
      { kind: 'policy', policy, reason },
      { by, keyIds: [], proposed: store.moment(kept.nextSequence) },
    );
    const next: Section = { ...kept, intents: [...kept.intents, { ...made, stage: 'agreed' }] };
    return withEntry(next, nowMs, {
      action: 'vault.policy_lengthened',
      message: `What is kept of "${policy.class}" is ${policy.keepDays ?? 'all'} days from now on`,
      by: { id: by },
      target: { type: 'destruction', id },
      details: { ...policy, reason },
    });
  });
  return mustFind(store.get(), id);
}

function newIntent(
  id: string,
  { kind, policy, holdId, holdIds, approver, reason }: NewIntent,
  made: { readonly by: string; readonly keyIds: readonly string[]; readonly proposed: Intent['proposed'] },
): Intent {
  return {
    id,
    kind,
    round: 0,
    stage: 'proposed',
    keyIds: [...made.keyIds],
    ...(policy === undefined ? {} : { policy }),
    ...(holdId === undefined ? {} : { holdId }),
    ...(holdIds === undefined ? {} : { holdIds: [...new Set(holdIds)].toSorted() }),
    ...(approver === undefined ? {} : { approver }),
    reason,
    by: made.by,
    proposed: made.proposed,
    signatures: [],
    kept: [],
    epochs: [],
    receipts: [],
    entries: [],
  };
}

/** Possible until the keys cannot be brought back. Throws `destruction_refused` after that. */
export function cancel(context: DeskContext, id: string, { by, reason }: { by: string; reason: string }): void {
  const intent = mustFind(context.store.get(), id);
  if (!['proposed', 'begun', 'rotated'].includes(intent.stage) || intent.ended !== undefined)
    throw refusal(
      `Cannot cancel destruction "${id}": it is ${intent.ended === undefined ? intent.stage : 'being cancelled'}`,
    );
  const ended = { by, reason, atMs: context.nowMs() };
  const stage = intent.stage === 'proposed' ? 'cancelled' : intent.stage;
  context.store.update((section) =>
    withEntry(
      { ...section, intents: section.intents.map((one) => (one.id === id ? { ...one, ended, stage } : one)) },
      context.nowMs(),
      {
        action: 'vault.destruction_cancelled',
        message: `The destruction of ${intent.keyIds.length} keys was cancelled`,
        by: { id: by },
        target: { type: 'destruction', id },
        details: { reason, intent: id },
      },
    ),
  );
}

export function mustFind(section: Section, id: string): Intent {
  const intent = section.intents.find((one) => one.id === id);
  if (intent === undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot find destruction "${id}": there is none`);
  return intent;
}

function refuseUnfit(context: DeskContext, proposal: IntentProposal, keyIds: readonly string[]): void {
  const { kind, policy } = proposal;
  if (kind === 'approver') throw refusal('Cannot propose: passkeys are enrolled and withdrawn by themselves');
  const { records } = context.state.list();
  if (kind === 'policy') return refuseUnfitPolicy(context, policy);
  if (kind === 'release') return refuseUnknownHolds(context, proposal);
  const { maxKeysPerBatch } = context.needs.rules;
  if (keyIds.length === 0 || keyIds.length > maxKeysPerBatch)
    throw refusal(`Cannot propose: ${keyIds.length} keys are named, must be 1 to ${maxKeysPerBatch}`);
  const guarded = protectedKeys(records);
  for (const keyId of keyIds) {
    const record = context.state.record(keyId);
    if (record === undefined || record.state === 'destroyed')
      throw new KeyVaultError(
        'vault_key_unknown',
        `Cannot propose to destroy key "${keyId}": ${record === undefined ? 'there is none' : 'it is destroyed already'}`,
      );
    const why = guarded.get(keyId);
    if (why !== undefined) throw refusal(`Cannot propose to destroy key "${keyId}": ${why}`);
  }
}

function refuseUnknownHolds({ store }: DeskContext, { holdId, holdIds = [] }: IntentProposal): void {
  const known = new Set(store.get().holds.map(({ id }) => id));
  const asked = holdId === undefined ? holdIds : [holdId, ...holdIds];
  const unknown = asked.length === 0 ? '' : asked.find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot release hold "${unknown}": there is none`);
}

function refuseUnfitPolicy(context: DeskContext, policy: RetentionPolicy | undefined): void {
  if (policy === undefined || !classPattern.test(policy.class))
    throw refusal(`Cannot propose a policy for class "${policy?.class ?? ''}": must match ${classPattern.source}`);
  const { keepDays } = policy;
  if (policy.class === custodyClass && keepDays !== null)
    throw refusal(`Cannot propose to keep "${custodyClass}" ${keepDays} days: it is kept as long as the ledger is`);
  if (keepDays !== null && (!Number.isSafeInteger(keepDays) || keepDays < 1 || keepDays > maxKeepDays))
    throw refusal(`Cannot propose to keep "${policy.class}" ${keepDays} days: must be 1 to ${maxKeepDays}`);
  if (!isShorter(context.store.get(), policy))
    throw refusal(`Cannot propose to keep "${policy.class}" so long: it is kept no longer now`);
}

function isSame(intent: Intent, proposal: IntentProposal, keyIds: readonly string[]): boolean {
  return (
    intent.kind === proposal.kind &&
    intent.holdId === proposal.holdId &&
    intent.holdIds?.join(' ') === proposal.holdIds?.toSorted().join(' ') &&
    intent.policy?.class === proposal.policy?.class &&
    intent.policy?.keepDays === proposal.policy?.keepDays &&
    intent.keyIds.length === keyIds.length &&
    intent.keyIds.every((id, at) => id === keyIds[at])
  );
}

/** What has expired is proposed anew each day; what was not carried out is in the new list. */
function withoutOpenExpiries(section: Section, atMs: number): Section {
  const ended = { by: 'vault', reason: 'replaced by a newer list', atMs };
  return {
    ...section,
    intents: section.intents.map((one) =>
      one.kind === 'expiry' && one.stage === 'proposed' ? { ...one, stage: 'cancelled' as const, ended } : one,
    ),
  };
}

function wordsOf(intent: Intent): string {
  switch (intent.kind) {
    case 'request':
      return `The destruction of ${intent.keyIds.length} keys was proposed`;
    case 'expiry':
      return `${intent.keyIds.length} keys are past what is kept of their class`;
    case 'policy':
      return `It was proposed to keep "${intent.policy?.class ?? ''}" for ${intent.policy?.keepDays ?? 'ever'} days only`;
    case 'release':
      return intent.holdIds === undefined
        ? 'It was proposed to release a legal hold'
        : `It was proposed to release ${intent.holdIds.length} legal holds`;
    case 'approver':
      return 'Another list of those who agree was proposed';
  }
}

function listOf({ keyIds, policy, holdId, holdIds }: Intent): JsonObject {
  return {
    ...(keyIds.length === 0 ? {} : { key_ids: keyIds }),
    ...(policy === undefined ? {} : { policy: { ...policy } }),
    ...(holdId === undefined ? {} : { hold_id: holdId }),
    ...(holdIds === undefined ? {} : { hold_ids: holdIds }),
  };
}
