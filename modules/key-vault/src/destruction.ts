/**
 * When keys may be destroyed. Pure: everything that counts is handed in, and the same answer comes from the same facts.
 * The clock of this machine is not among them, so that whoever sets it destroys nothing sooner.
 */

/** A moment somebody outside vouches for: a witness or a time-stamping authority, told apart by its key. */
export type VouchedTime = { readonly atMs: number; readonly by: string };

/** What one person wants destroyed. The list is exact: nothing is added to it later. */
export type DestructionIntent = {
  readonly id: string;
  readonly keyIds: readonly string[];
  readonly reason: string;
  readonly by: string;
  /** SHA-256 of the sorted key ids: what both people signed. */
  readonly digest: string;
  /** One for each cosignature that covers the record of the intent. */
  readonly recordedAt: readonly VouchedTime[];
};

export type DestructionApproval = { readonly by: string; readonly digest: string };

export type LegalHold = { readonly id: string; readonly keyIds: readonly string[]; readonly since: string };

export type DestructionRules = {
  readonly waitMs: number;
  /** How many different ones must vouch for a moment. */
  readonly quorum: number;
  readonly maxKeysPerBatch: number;
};

export const defaultDestructionRules: DestructionRules = {
  waitMs: 72 * 3_600_000,
  quorum: 1,
  maxKeysPerBatch: 1000,
};

/** What stands in the way, each to be shown as it is. */
export type Obstacle =
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-many'; readonly limit: number }
  | { readonly kind: 'digest-differs'; readonly of: 'intent' | 'approval' }
  | { readonly kind: 'not-signed' }
  | { readonly kind: 'not-approved' }
  | { readonly kind: 'same-person'; readonly by: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'suspended'; readonly why: string }
  /** Nobody outside has vouched for the intent, or for the present. */
  | { readonly kind: 'no-time'; readonly of: 'intent' | 'present'; readonly needed: number; readonly given: number }
  | { readonly kind: 'waiting'; readonly remainingMs: number }
  | { readonly kind: 'fence-missing' }
  | { readonly kind: 'export-missing' };

export type DestructionFacts = {
  readonly intent: DestructionIntent;
  readonly digestOf: (keyIds: readonly string[]) => string;
  readonly approvals: readonly DestructionApproval[];
  readonly isCancelled: boolean;
  /** After a restore every intent waits for somebody's word, and its time starts anew. */
  readonly suspended: string | undefined;
  readonly holds: readonly LegalHold[];
  readonly protectedKeyIds: ReadonlySet<string>;
  /** Cosignatures of a round begun for this: later than the intent. */
  readonly now: readonly VouchedTime[];
  /** Whether a quorum has just cosigned the record "destroying": a clone of this machine cannot get that. */
  readonly isFenced: boolean;
  /** Whether the vault without these keys was read back from another place. */
  readonly isExported: boolean;
  readonly ownElapsedMs?: number | undefined;
};

export type DestructionJudgement = {
  /** Keys of the intent that may go when nothing stands in the way. */
  readonly keyIds: readonly string[];
  /** Keys that survive, each with the reason. One that is held stops no other. */
  readonly kept: readonly { readonly keyId: string; readonly why: 'held' | 'protected'; readonly by: string }[];
  readonly obstacles: readonly Obstacle[];
};

/** Judges one intent. Destruction goes on only with no obstacle and at least one key. */
export function judgeDestruction(facts: DestructionFacts, rules: DestructionRules): DestructionJudgement {
  const { intent } = facts;
  const kept: DestructionJudgement['kept'][number][] = [];
  const keyIds = [...new Set(intent.keyIds)].filter((keyId) => {
    const hold = facts.holds.find((one) => one.keyIds.includes(keyId));
    if (hold !== undefined) kept.push({ keyId, why: 'held', by: hold.id });
    else if (facts.protectedKeyIds.has(keyId)) kept.push({ keyId, why: 'protected', by: 'in use' });
    else return true;
    return false;
  });
  const obstacles = [
    ...listObstacles(facts, intent, keyIds, rules),
    ...approvalObstacles(facts, intent),
    ...timeObstacles(facts, rules),
  ];
  return { keyIds, kept, obstacles };
}

function listObstacles(
  facts: DestructionFacts,
  intent: DestructionIntent,
  keyIds: readonly string[],
  rules: DestructionRules,
): Obstacle[] {
  const obstacles: Obstacle[] = [];
  if (keyIds.length === 0) obstacles.push({ kind: 'empty' });
  if (keyIds.length > rules.maxKeysPerBatch) obstacles.push({ kind: 'too-many', limit: rules.maxKeysPerBatch });
  if (facts.digestOf(intent.keyIds) !== intent.digest) obstacles.push({ kind: 'digest-differs', of: 'intent' });
  if (facts.isCancelled) obstacles.push({ kind: 'cancelled' });
  if (facts.suspended !== undefined) obstacles.push({ kind: 'suspended', why: facts.suspended });
  if (!facts.isFenced) obstacles.push({ kind: 'fence-missing' });
  if (!facts.isExported) obstacles.push({ kind: 'export-missing' });
  return obstacles;
}

/** A second person, who saw the same list. */
function approvalObstacles(facts: DestructionFacts, intent: DestructionIntent): Obstacle[] {
  if (facts.approvals.length === 0) return [{ kind: 'not-approved' }];
  const others = facts.approvals.filter((approval) => approval.by !== intent.by);
  if (others.length === 0) return [{ kind: 'same-person', by: intent.by }];
  return others.some((approval) => approval.digest === intent.digest)
    ? []
    : [{ kind: 'digest-differs', of: 'approval' }];
}

function timeObstacles(facts: DestructionFacts, rules: DestructionRules): Obstacle[] {
  const { now, ownElapsedMs } = facts;
  const obstacle = waitingObstacle({ recordedAt: facts.intent.recordedAt, now, ownElapsedMs }, rules);
  return obstacle === undefined ? [] : [obstacle];
}

/** What is known of the time between a moment and now. */
export type TimeFacts = {
  /** One for each cosignature that covers the moment's record. */
  readonly recordedAt: readonly VouchedTime[];
  readonly now: readonly VouchedTime[];
  /** As this machine has it, where a single voucher is not to be believed alone: it can only make it longer. */
  readonly ownElapsedMs?: number | undefined;
};

/**
 * From a moment at which the record surely stood to one that has surely come. Each voucher counts once; of an odd number the
 * middle one decides, of two the less convenient: a minority with wrong clocks, in either direction, shortens nothing.
 */
export function waitingObstacle(
  { recordedAt, now, ownElapsedMs = Infinity }: TimeFacts,
  rules: Pick<DestructionRules, 'waitMs' | 'quorum'>,
): Extract<Obstacle, { kind: 'no-time' | 'waiting' }> | undefined {
  const needed = Math.max(1, rules.quorum);
  // What a voucher said first about the record, and last about the present.
  const begun = perVoucher(recordedAt, Math.min);
  if (begun.length < needed) return { kind: 'no-time', of: 'intent', needed, given: begun.length };
  const toMs = surelyComeMs(now, needed);
  if (toMs === undefined) return { kind: 'no-time', of: 'present', needed, given: perVoucher(now, Math.max).length };
  const fromMs = begun.toSorted((a, b) => b - a)[minorityOf(begun)] ?? Infinity;
  const remainingMs = rules.waitMs - Math.min(toMs - fromMs, ownElapsedMs);
  return remainingMs > 0 ? { kind: 'waiting', remainingMs } : undefined;
}

/** A moment that has surely come, when enough vouch for it. */
export function surelyComeMs(now: readonly VouchedTime[], needed: number): number | undefined {
  const present = perVoucher(now, Math.max).toSorted((a, b) => a - b);
  return present.length < Math.max(1, needed) ? undefined : present[minorityOf(present)];
}

const minorityOf = (vouchers: readonly number[]): number => Math.floor((vouchers.length - 1) / 2);

function perVoucher(times: readonly VouchedTime[], pick: (one: number, other: number) => number): number[] {
  const byVoucher = new Map<string, number>();
  for (const { atMs, by } of times) {
    if (!Number.isFinite(atMs) || atMs <= 0) continue;
    byVoucher.set(by, pick(byVoucher.get(by) ?? atMs, atMs));
  }
  return [...byVoucher.values()];
}
