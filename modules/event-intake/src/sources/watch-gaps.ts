/** When this server was not there to hear anybody: stopped, or asleep. */
export type WatchGap = { readonly fromMs: number; readonly toMs: number };

const maxGaps = 50;

/** Beyond fifty the oldest two become one, which excuses more silence, never less. */
export function withGap(gaps: readonly WatchGap[], gap: WatchGap): readonly WatchGap[] {
  const [first, second, ...others] = [...gaps, gap];
  if (gaps.length < maxGaps || first === undefined || second === undefined) return [...gaps, gap];
  return [{ fromMs: first.fromMs, toMs: second.toMs }, ...others];
}

/**
 * Until when something should come, when it could have come during a gap and been lost: a whole pause more from the end of
 * the gap. `earliestMs` is when it could have come at the soonest.
 */
export function excusedDueMs(
  due: { readonly earliestMs: number; readonly dueMs: number; readonly pauseMs: number },
  gaps: readonly WatchGap[],
): number {
  let { dueMs } = due;
  for (const { fromMs, toMs } of gaps)
    if (toMs >= due.earliestMs && fromMs <= dueMs) dueMs = Math.max(dueMs, toMs + due.pauseMs);
  return dueMs;
}
