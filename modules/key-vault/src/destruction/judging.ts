import { judgeDestruction } from '../destruction.ts';
import type { Obstacle } from '../destruction.ts';
import type { KeyRecord } from '../key-record.ts';
import { approverObstacles } from './approver-judging.ts';
import { classAndDay, legalHolds } from './holding.ts';
import type { JudgingFacts } from './judging-facts.ts';
import { protectedKeys } from './protected-keys.ts';
import type { Intent, Section } from './section.ts';
import { digestOf } from './statement.ts';

export type IntentObstacle =
  | Obstacle
  | { readonly kind: 'one-batch-a-day' }
  | { readonly kind: 'after-restore' }
  | { readonly kind: 'no-policy'; readonly class: string };

export type Kept = {
  readonly keyId: string;
  readonly why: 'held' | 'protected' | 'not-expired' | 'too-many-days' | 'gone';
  readonly by: string;
};

/** What may happen of an intent now. Export and fence are looked at later, at the last gate. */
export type IntentJudgement = {
  readonly keyIds: readonly string[];
  readonly kept: readonly Kept[];
  readonly obstacles: readonly IntentObstacle[];
};

const dayMs = 86_400_000;
/** More days' keys than this in one batch, which is one a day, want a person. */
const maxDaysPerBatch = 2;

export function statementOf(vault: string, intent: Intent) {
  const { id, round, kind, keyIds, policy, holdId, holdIds, approver, reason } = intent;
  return { vault, id, round, kind, keyIds, policy, holdId, holdIds, approver, reason };
}

export function judgeIntent(facts: JudgingFacts, intent: Intent): IntentJudgement {
  const { vault, section, records, evidence, rules } = facts;
  if (intent.kind === 'approver') return { keyIds: [], kept: [], obstacles: approverObstacles(facts, intent) };
  const [first, ...others] = intent.signatures;
  const digest = digestOf(statementOf(vault, intent));
  // What neither destroys nor shortens anything has nothing to be kept.
  const isAboutKeys = intent.kind === 'request' || intent.kind === 'expiry';
  const since = intent.signed === undefined ? undefined : evidence.factsSince(intent.signed);
  const named = new Set(intent.keyIds);
  const standing = new Set(records.flatMap(({ id, state }) => (state === 'destroyed' ? [] : [id])));
  const gone = isAboutKeys ? intent.keyIds.filter((id) => !standing.has(id)) : [];
  const judged = judgeDestruction(
    {
      intent: {
        id: intent.id,
        keyIds: isAboutKeys ? intent.keyIds.filter((id) => standing.has(id)) : [intent.id],
        reason: intent.reason,
        by: first?.userId ?? '',
        digest,
        recordedAt: since?.recordedAt ?? [],
      },
      digestOf: () => digest,
      approvals: others.map(({ userId }) => ({ by: userId, digest })),
      isCancelled: intent.stage === 'cancelled',
      suspended: intent.suspended,
      // Of many wide holds only what this list could have of them.
      holds: isAboutKeys
        ? legalHolds(
            section.holds,
            records.filter(({ id }) => named.has(id)),
          )
        : [],
      protectedKeyIds: new Set(isAboutKeys ? protectedKeys(records).keys() : []),
      now: since?.now ?? [],
      ownElapsedMs: since?.ownElapsedMs,
      isFenced: true,
      isExported: true,
    },
    { ...rules, waitMs: section.waitMs, quorum: evidence.quorum },
  );
  const { keyIds, obstacles } = judged;
  const kept: Kept[] = [...judged.kept, ...gone.map((keyId): Kept => ({ keyId, why: 'gone', by: 'destroyed before' }))];
  if (intent.kind === 'expiry') return judgeExpiry(facts, { keyIds, kept }, obstacles);
  // Without a first signature there is nobody to be the second, and nothing has begun to wait.
  const left = obstacles.filter(({ kind }) => {
    if (first === undefined) return kind !== 'not-approved' && kind !== 'no-time';
    return intent.kind !== 'release' || (kind !== 'no-time' && kind !== 'waiting');
  });
  return { keyIds, kept, obstacles: first === undefined ? [{ kind: 'not-signed' }, ...left] : left };
}

/** The policy has its signatures; what is asked of the batch is the age of each key, by evidence, and its pace. */
function judgeExpiry(
  facts: JudgingFacts,
  { keyIds, kept }: { keyIds: readonly string[]; kept: readonly Kept[] },
  others: readonly Obstacle[],
): IntentJudgement {
  const { section, evidence } = facts;
  const byId = new Map(facts.records.map((record) => [record.id, record]));
  const days = new Set<string>();
  const notYet: Kept[] = [];
  const expired = keyIds
    .flatMap((id) => byId.get(id) ?? [])
    .toSorted((a, b) => (a.label < b.label ? -1 : 1))
    .filter((record) => {
      const why = whyNotExpired(facts, record) ?? whyTooMany(days, record);
      if (why !== undefined) notYet.push({ keyId: record.id, ...why });
      return why === undefined;
    });
  const { lastExpiry } = section;
  const isTooSoon = lastExpiry !== undefined && evidence.obstacle(lastExpiry, dayMs - 3_600_000) !== undefined;
  return {
    keyIds: expired.map(({ id }) => id),
    kept: [...kept, ...notYet],
    obstacles: [
      ...others.filter(({ kind }) => kind === 'too-many' || kind === 'cancelled' || kind === 'suspended'),
      // A hold or a longer policy may have been lost with what was not put back.
      ...(section.awaitsWord === true ? [{ kind: 'after-restore' as const }] : []),
      ...(isTooSoon ? [{ kind: 'one-batch-a-day' as const }] : []),
    ],
  };
}

type Why = Pick<Kept, 'why' | 'by'>;

/** Witnesses say what day it is; without them only time this vault was seen running since the key was made counts. */
function whyNotExpired({ section, evidence, observedMs, nowMs }: JudgingFacts, record: KeyRecord): Why | undefined {
  const found = classAndDay(record);
  const policy = section.policies.find((one) => one.class === found?.class);
  if (found === undefined || policy === undefined || policy.keepDays === null)
    return { why: 'not-expired', by: 'no policy lets it go' };
  const keepMs = policy.keepDays * dayMs;
  const endMs = Date.parse(`${found.day}T00:00:00Z`) + dayMs + keepMs;
  const by = `${policy.keepDays} days are kept`;
  // The day in the label is over by this machine's clock too, whatever anybody says.
  if (nowMs < endMs) return { why: 'not-expired', by };
  if (evidence.kind === 'witnesses') {
    const vouchedMs = evidence.vouchedNowMs();
    return vouchedMs === undefined || vouchedMs < endMs ? { why: 'not-expired', by } : undefined;
  }
  return observedMs - (record.observedMs ?? 0) < keepMs
    ? { why: 'not-expired', by: `${by}, counted while this vault runs` }
    : undefined;
}

function whyTooMany(days: Set<string>, { label }: KeyRecord): Why | undefined {
  const day = label.slice(label.lastIndexOf('/') + 1);
  if (!days.has(day) && days.size >= maxDaysPerBatch)
    return { why: 'too-many-days', by: `at most ${maxDaysPerBatch} days' keys expire in a day` };
  days.add(day);
  return undefined;
}

/** Keeping longer, or for ever, than now takes no agreement. */
export function isShorter(
  section: Section,
  policy: { readonly class: string; readonly keepDays: number | null },
): boolean {
  const { keepDays } = policy;
  if (keepDays === null) return false;
  const present = section.policies.find((one) => one.class === policy.class)?.keepDays ?? null;
  return present === null || keepDays < present;
}
