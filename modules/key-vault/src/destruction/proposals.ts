import type { JsonObject } from '@sallyport/contracts';
import { KeyVaultError } from '../errors.ts';
import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import { isShorter, statementOf } from './judging.ts';
import { protectedKeys } from './protected-keys.ts';
import type { Intent, Section } from './section.ts';
import type { IntentKind, RetentionPolicy } from './shown.ts';
import { digestOf } from './statement.ts';
import { refusal } from './store.ts';

export type IntentProposal = {
  readonly kind: IntentKind;
  readonly reason: string;
  readonly keyIds?: readonly string[];
  readonly policy?: RetentionPolicy;
  readonly holdId?: string;
};

const maxOpenOfOne = 20;
const maxOpen = 200;
/** Ended ones kept in the vault; their certificates and entries stay. */
const maxEnded = 200;
const endedStages: ReadonlySet<string> = new Set(['destroyed', 'agreed', 'cancelled', 'emptied']);
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
  const open = intents.filter(({ stage }) => stage === 'proposed');
  const mine = open.filter((one) => one.by === by && one.kind !== 'expiry');
  if (proposal.kind !== 'expiry' && (mine.length >= maxOpenOfOne || open.length >= maxOpen)) {
    throw refusal(
      `Cannot propose: ${mine.length >= maxOpenOfOne ? `"${by}" has ${mine.length}` : `there are ${open.length}`} open proposals`,
      'cancel what is not wanted any more: sallyport vault destroy --cancel ID',
    );
  }
  const id = state.freshId();
  const nowMs = context.nowMs();
  store.update((section) => {
    const intent = newIntent(id, proposal, { by, keyIds, proposed: store.moment(section.nextSequence) });
    const kept = withoutOld(proposal.kind === 'expiry' ? withoutOpenExpiries(section, nowMs) : section);
    return withEntry({ ...kept, intents: [...kept.intents, intent] }, nowMs, {
      action: 'vault.destruction_proposed',
      message: wordsOf(intent),
      by: { id: by },
      target: { type: 'destruction', id },
      details: {
        kind: intent.kind,
        reason: intent.reason,
        digest: digestOf(statementOf(state.vault, intent)),
        ...listOf(intent),
      },
    });
  });
  return mustFind(store.get(), id);
}

/** Keeping longer takes no signature: agreed to as soon as it is asked for. */
export function lengthen(context: DeskContext, policy: RetentionPolicy, reason: string, by: string): Intent {
  const { store } = context;
  const id = context.state.freshId();
  const nowMs = context.nowMs();
  store.update((section) => {
    const policies = section.policies.filter((one) => one.class !== policy.class);
    const made = newIntent(
      id,
      { kind: 'policy', policy, reason },
      { by, keyIds: [], proposed: store.moment(section.nextSequence) },
    );
    const next = withoutOld({
      ...section,
      policies: [...policies, { ...policy, id, agreedAtMs: nowMs }],
      intents: [...section.intents, { ...made, stage: 'agreed' }],
    });
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
  { kind, policy, holdId, reason }: IntentProposal,
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
  const { kind, policy, holdId } = proposal;
  const { records } = context.state.list();
  if (kind === 'policy') return refuseUnfitPolicy(context, policy);
  if (kind === 'release') {
    const hold = context.store.get().holds.find((one) => one.id === holdId);
    if (hold === undefined)
      throw new KeyVaultError('vault_key_unknown', `Cannot release hold "${holdId ?? ''}": there is none`);
    return;
  }
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

function refuseUnfitPolicy(context: DeskContext, policy: RetentionPolicy | undefined): void {
  if (policy === undefined || !classPattern.test(policy.class))
    throw refusal(`Cannot propose a policy for class "${policy?.class ?? ''}": must match ${classPattern.source}`);
  const { keepDays } = policy;
  if (keepDays !== null && (!Number.isSafeInteger(keepDays) || keepDays < 1 || keepDays > maxKeepDays))
    throw refusal(`Cannot propose to keep "${policy.class}" ${keepDays} days: must be 1 to ${maxKeepDays}`);
  if (!isShorter(context.store.get(), policy))
    throw refusal(`Cannot propose to keep "${policy.class}" so long: it is kept no longer now`);
}

function isSame(intent: Intent, proposal: IntentProposal, keyIds: readonly string[]): boolean {
  return (
    intent.kind === proposal.kind &&
    intent.holdId === proposal.holdId &&
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

function withoutOld(section: Section): Section {
  const ended = section.intents.filter(({ stage }) => endedStages.has(stage));
  const old = new Set(ended.slice(0, Math.max(0, ended.length - maxEnded)).map(({ id }) => id));
  return { ...section, intents: section.intents.filter(({ id }) => !old.has(id)) };
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
      return 'It was proposed to release a legal hold';
  }
}

function listOf({ keyIds, policy, holdId }: Intent): JsonObject {
  return {
    ...(keyIds.length === 0 ? {} : { key_ids: keyIds }),
    ...(policy === undefined ? {} : { policy: { ...policy } }),
    ...(holdId === undefined ? {} : { hold_id: holdId }),
  };
}
