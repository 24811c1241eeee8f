import { comparePositions, formatPosition, parsePosition } from '@sallyport/contracts';
import type { FindingLevel, Position } from '@sallyport/contracts';

/** One finding about an entity, as it adds to its risk. */
export type Contribution = {
  readonly finding: Position;
  readonly atMs: number;
  /** Rule or behaviour topic. */
  readonly rule: string;
  readonly reason: string;
  readonly points: number;
};

export type Risk = {
  /** 0 to 100. */
  readonly score: number;
  readonly reasons: readonly { readonly reason: string; readonly points: number; readonly finding: string }[];
};

/** A finding counts half after a week. */
const riskHalfLifeMs = 7 * 86_400_000;
const mostContributions = 30;
const points: Readonly<Record<FindingLevel, number>> = { informational: 1, low: 6, medium: 20, high: 45, critical: 90 };
/** Findings of one rule within a day: each further one adds half of the one before. */
const repeatMs = 86_400_000;

/** The list with one more finding; the least of more than thirty goes. */
export function withFinding(
  before: readonly Contribution[],
  finding: { position: Position; atMs: number; rule: string; title: string; level: FindingLevel },
): Contribution[] {
  if (before.some((one) => comparePositions(one.finding, finding.position) === 0)) return [...before];
  const repeats = before.filter((one) => one.rule === finding.rule && finding.atMs - one.atMs < repeatMs).length;
  const added: Contribution = {
    finding: finding.position,
    atMs: finding.atMs,
    rule: finding.rule,
    reason: finding.title.slice(0, 200),
    points: points[finding.level] / 2 ** repeats,
  };
  const all = [...before, added];
  if (all.length <= mostContributions) return all;
  const least = all.reduce((one, other) => (pointsAt(other, finding.atMs) < pointsAt(one, finding.atMs) ? other : one));
  return all.filter((one) => one !== least);
}

/** Points fade by half each week and add up; 100 × (1 − e^(−points / 60)), so that nothing passes 100 and one critical finding is 78. */
export function riskAt(contributions: readonly Contribution[], timeMs: number): Risk {
  const faded = contributions
    .map((one) => ({ ...one, now: pointsAt(one, timeMs) }))
    .filter(({ now }) => now >= 0.5)
    .toSorted((a, b) => b.now - a.now);
  const sum = faded.reduce((total, { now }) => total + now, 0);
  return {
    score: Math.round(100 * (1 - Math.exp(-sum / 60))),
    reasons: faded.slice(0, 10).map(({ reason, now, finding }) => ({
      reason,
      points: Math.round(now * 10) / 10,
      finding: formatPosition(finding),
    })),
  };
}

function pointsAt({ points: full, atMs }: Contribution, timeMs: number): number {
  return full * 0.5 ** (Math.max(0, timeMs - atMs) / riskHalfLifeMs);
}

export type ContributionRow = readonly [position: string, atMs: number, rule: string, reason: string, points: number];

export function contributionRow({ finding, atMs, rule, reason, points: full }: Contribution): ContributionRow {
  return [formatPosition(finding), atMs, rule, reason, full];
}

/** Undefined for what `contributionRow` does not write. */
export function readContribution(row: unknown): Contribution | undefined {
  const parts: readonly unknown[] = Array.isArray(row) ? row : [];
  const [position, atMs, rule, reason, full] = parts;
  const finding = typeof position === 'string' ? parsePosition(position) : undefined;
  if (finding === undefined || typeof atMs !== 'number' || typeof rule !== 'string') return undefined;
  if (typeof reason !== 'string' || typeof full !== 'number' || !Number.isFinite(full)) return undefined;
  return { finding, atMs, rule, reason, points: full };
}
