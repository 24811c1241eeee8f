import type { DeskContext } from './desk-context.ts';
import { heldKeyIds } from './holding.ts';
import { judgeIntent, statementOf } from './judging.ts';
import { obstacleWords } from './obstacle-words.ts';
import type { Hold, Intent } from './section.ts';
import type { DestructionOverview, ShownApprover, ShownHold, ShownIntent } from './shown.ts';
import { isEffective } from './signing.ts';
import { digestOf } from './statement.ts';

export function showOverview(context: DeskContext): DestructionOverview {
  const { state, store } = context;
  const { section, evidence } = context.facts();
  return {
    vault: state.vault,
    waitMs: section.waitMs,
    evidence: evidence.kind,
    observedMs: Math.floor(store.observedMs()),
    witnesses:
      section.witnesses === undefined ? undefined : { keys: section.witnesses.keys, needed: section.witnesses.needed },
    intents: section.intents.map((intent) => showIntent(context, intent)),
    holds: section.holds.map((hold) => showHold(context, hold)),
    approvers: section.approvers.map((approver): ShownApprover => {
      const obstacle = approver.isFounder ? undefined : evidence.obstacle(approver.since, section.waitMs);
      return {
        userId: approver.userId,
        name: approver.name,
        credentialId: approver.credentialId,
        hostName: approver.hostName,
        by: approver.by,
        atMs: approver.since.atMs,
        isEffective: obstacle === undefined,
        remainingMs: obstacle === undefined ? 0 : obstacle.kind === 'waiting' ? obstacle.remainingMs : undefined,
      };
    }),
    policies: section.policies,
    condemnedEpochs: state
      .header()
      .epochs.flatMap(({ epoch, stage, wraps }) =>
        stage === 'condemned' && wraps.some(({ wrapped }) => wrapped !== '') ? [epoch] : [],
      ),
    isRestored: section.isRestored === true,
    awaitsWord: section.awaitsWord === true,
    unknownSince: section.unknownSince,
  };
}

export function showHold({ state }: Pick<DeskContext, 'state'>, hold: Hold): ShownHold {
  return { ...hold, keyIds: heldKeyIds(hold, state.list().records) };
}

export function showIntent(context: DeskContext, intent: Intent): ShownIntent {
  const facts = context.facts();
  const { section, evidence } = facts;
  const isOpen = intent.stage === 'proposed';
  const judgement = isOpen ? judgeIntent(facts, intent) : undefined;
  const waiting = intent.signed === undefined ? undefined : evidence.obstacle(intent.signed, section.waitMs);
  const counting = section.approvers.filter((approver) => isEffective(context, approver));
  const words = {
    people: new Map(counting.map(({ userId, name }) => [userId, name])),
    signedBy: intent.signatures.map(({ userId }) => userId),
    evidence: evidence.kind,
  };
  const remainingMs =
    intent.signed === undefined || waiting?.kind === 'no-time' ? undefined : (waiting?.remainingMs ?? 0);
  return {
    id: intent.id,
    kind: intent.kind,
    stage: intent.stage,
    keys: intent.keyIds.map((id) => {
      const record = context.state.record(id);
      return { id, purpose: record?.purpose ?? '', label: record?.label ?? '' };
    }),
    policy: intent.policy,
    holdId: intent.holdId,
    reason: intent.reason,
    by: intent.by,
    atMs: intent.proposed.atMs,
    digest: digestOf(statementOf(context.state.vault, intent)),
    signatures: intent.signatures.map(({ userId, name, atMs }) => ({ by: userId, name, atMs })),
    wait: {
      evidence: evidence.kind,
      neededMs: intent.kind === 'request' || intent.kind === 'policy' ? section.waitMs : 0,
      remainingMs,
    },
    obstacles: [
      ...(judgement?.obstacles ?? []).map((obstacle) => obstacleWords(obstacle, words)),
      ...laterObstacles(intent),
    ],
    kept: judgement?.kept ?? intent.kept,
    suspended: intent.suspended,
    endedBy: intent.ended?.by,
    endReason: intent.ended?.reason,
    export: intent.exported,
    hasCertificate: intent.statement !== undefined,
  };
}

/** After it began: what keeps the former master keys in place. */
function laterObstacles({ stage, suspended }: Intent): ShownIntent['obstacles'] {
  if ((stage === 'rotated' || stage === 'removed') && suspended !== undefined)
    return [
      {
        kind: 'suspended',
        message: `Its signatures do not count any more: ${suspended}`,
        hint: 'two people have to sign it again',
      },
    ];
  if (stage === 'removed')
    return [
      {
        kind: 'export-missing',
        message:
          'This vault lives without the keys; the former master keys stay until a copy of the vault is kept off this machine',
        hint: 'set up such a place: sallyport archive, or in the console under Ledger',
      },
    ];
  return [];
}
