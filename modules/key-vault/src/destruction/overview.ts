import { hash } from 'node:crypto';
import { aloneWaitMs, isCounting, nobodyWaitMs, waitOf } from './approver-judging.ts';
import { foundersNeeded } from './approver-list.ts';
import type { DeskContext } from './desk-context.ts';
import { blockKeysByClass, heldKeyIds, selectedKeys } from './holding.ts';
import type { KeyRecord } from '../key-record.ts';
import { judgeIntent, statementOf } from './judging.ts';
import { obstacleWords } from './obstacle-words.ts';
import type { ApproverChange, Hold, Intent } from './section.ts';
import type { DestructionOverview, ShownApprover, ShownApproverChange, ShownHold, ShownIntent } from './shown.ts';
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
    isListBound: section.founders.length >= foundersNeeded,
    intents: section.intents.map((intent) => showIntent(context, intent)),
    holds: showHolds(section.holds, state.list().records),
    approvers: section.approvers.map((approver): ShownApprover => {
      const isEffective = isCounting({ evidence, section }, approver);
      const obstacle =
        isEffective || approver.stopped !== undefined ? undefined : evidence.obstacle(approver.since, section.waitMs);
      return {
        userId: approver.userId,
        name: approver.name,
        credentialId: approver.credentialId,
        hostName: approver.hostName,
        by: approver.by,
        atMs: approver.since.atMs,
        isEffective,
        remainingMs: isEffective ? 0 : obstacle?.kind === 'waiting' ? obstacle.remainingMs : undefined,
        fingerprint: fingerprintOf(approver.publicKey),
        agreedBy: approver.agreedBy,
        stopped: approver.stopped?.reason,
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

/** Ids told again of keys another hold before it lists already; 36 bytes each on their way to the server. */
const mostRepeated = 100_000;

/**
 * Holds by class may each keep every key of blocks there is: all lists together would not fit into what goes to the server. Each
 * key is listed by the first hold that keeps it; with many, later ones leave it out and count it.
 */
export function showHolds(holds: readonly Hold[], records: readonly KeyRecord[]): ShownHold[] {
  const byClass = blockKeysByClass(records);
  const places = new Map([...byClass.values()].flat().map(({ id, at }) => [id, at]));
  // By place where it has one: millions are looked at.
  const listed = new Uint8Array(places.size);
  const listedOthers = new Set<string>();
  let repeated = 0;
  return holds.map((hold) => {
    const named = new Set(hold.keyIds);
    const keyIds: string[] = [];
    let leftOut = 0;
    const tell = (id: string, at: number | undefined): void => {
      const isNew = at === undefined ? !listedOthers.has(id) : listed[at] === 0;
      if (at === undefined) listedOthers.add(id);
      else listed[at] = 1;
      if (isNew) keyIds.push(id);
      else if (repeated < mostRepeated) {
        repeated += 1;
        keyIds.push(id);
      } else leftOut += 1;
    };
    for (const id of named) tell(id, places.get(id));
    if (hold.selector !== undefined)
      for (const { id, at } of selectedKeys(byClass, hold.selector))
        if (named.size === 0 || !named.has(id)) tell(id, at);
    return { ...hold, keyIds, ...(leftOut === 0 ? {} : { leftOut }) };
  });
}

export function showHold({ state }: Pick<DeskContext, 'state'>, hold: Hold): ShownHold {
  return { ...hold, keyIds: heldKeyIds(hold, state.list().records) };
}

export function showIntent(context: DeskContext, intent: Intent): ShownIntent {
  const facts = context.facts();
  const { section, evidence } = facts;
  const isOpen = intent.stage === 'proposed';
  const judgement = isOpen ? judgeIntent(facts, intent) : undefined;
  // What to wait from and for; of a list of approvers only where no two people are left.
  const wait =
    intent.kind === 'approver'
      ? waitOf(facts, intent)
      : intent.signed === undefined
        ? undefined
        : { since: intent.signed, waitMs: section.waitMs };
  const waiting = wait === undefined ? undefined : evidence.obstacle(wait.since, wait.waitMs);
  const counting = section.approvers.filter((approver) => isEffective(context, approver));
  const words = {
    people: new Map(counting.map(({ userId, name }) => [userId, name])),
    signedBy: intent.signatures.map(({ userId }) => userId),
    evidence: evidence.kind,
    isAtOnce: intent.kind === 'release' || (intent.kind === 'approver' && intent.approver?.isAlone !== true),
  };
  const remainingMs = wait === undefined || waiting?.kind === 'no-time' ? undefined : (waiting?.remainingMs ?? 0);
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
    holdIds: intent.holdIds,
    approver: intent.approver === undefined ? undefined : showChange(intent.approver),
    reason: intent.reason,
    by: intent.by,
    atMs: intent.proposed.atMs,
    digest: digestOf(statementOf(context.state.vault, intent)),
    signatures: intent.signatures.map(({ userId, name, atMs }) => ({ by: userId, name, atMs })),
    wait: {
      evidence: evidence.kind,
      neededMs: isOfKeys(intent) ? section.waitMs : waitedAlone(intent),
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

const isOfKeys = ({ kind }: Intent): boolean => kind === 'request' || kind === 'policy';

function waitedAlone({ approver, signatures }: Intent): number {
  if (approver?.isAlone !== true) return 0;
  return signatures.length === 0 ? nobodyWaitMs : aloneWaitMs;
}

function showChange({ passkeys, ...change }: ApproverChange): ShownApproverChange {
  return {
    ...change,
    passkeys: passkeys.map(({ credentialId, hostName, publicKey }) => ({
      credentialId,
      hostName,
      fingerprint: fingerprintOf(publicKey),
    })),
  };
}

const fingerprintOf = (publicKey: string): string =>
  `SHA256:${hash('sha256', Buffer.from(publicKey, 'base64url'), 'base64url')}`;

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
