import type { Reason } from './state.ts';

export type Risk = { readonly value: number; readonly reasons: readonly (Reason & { readonly now: number })[] };

const told = 10;

/** Each reason fades evenly until its end. Together: 100 × (1 − Π(1 − points / 100)), so that nothing passes 100 and two halves are 75. */
export function riskOf(reasons: readonly Reason[], atMs: number): Risk {
  const live = reasons
    .map((reason) => ({ ...reason, now: pointsAt(reason, atMs) }))
    .filter(({ now }) => now >= 1)
    .toSorted((a, b) => b.now - a.now);
  const safe = live.reduce((product, { now }) => product * (1 - Math.min(now, 99) / 100), 1);
  return { value: Math.round(100 * (1 - safe)), reasons: live.slice(0, told) };
}

/** A clock that was set back makes nothing weigh more than when it was fresh. */
function pointsAt({ points, atMs, untilMs }: Reason, nowMs: number): number {
  if (untilMs <= atMs) return 0;
  return points * Math.min(1, Math.max(0, (untilMs - nowMs) / (untilMs - atMs)));
}
