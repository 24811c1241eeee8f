import type { Leaf } from '../leaf.ts';
import type { RangeClaim, RangeHead } from './range-format.ts';
import { Refused } from './range-refusal.ts';

/** Whether an event belongs to the claim, its source aside. */
export function fitsClaim(
  claim: RangeClaim,
  classes: ReadonlySet<number>,
  leaf: Leaf & { readonly kind: 'event' },
  index: number,
): boolean {
  const { between, time } = claim;
  return (
    index >= between.from &&
    index < between.to &&
    leaf.receivedAtMs >= (time.fromMs ?? 0) &&
    leaf.receivedAtMs < (time.toMs ?? Number.POSITIVE_INFINITY) &&
    (classes.size === 0 || classes.has(leaf.classUid))
  );
}

/**
 * Ledger time never decreases, so an entry older than the time asked for before it, and a newer one after it (or the end of the
 * tree), show that none of it lies outside of the range. Without a time, only positions are claimed.
 */
export function requireTimeCovered(
  { from, to, claim }: RangeHead,
  treeSize: number,
  seen: { readonly firstMs: number | undefined; readonly lastMs: number },
): void {
  const { fromMs, toMs } = claim.time;
  const asksTime = fromMs !== undefined || toMs !== undefined;
  if (!asksTime) return;
  const startsBefore = from === 0 || (fromMs !== undefined && (seen.firstMs ?? 0) < fromMs);
  const endsAfter = to === treeSize || (toMs !== undefined && seen.lastMs >= toMs);
  const coversPositions = claim.between.from === from && claim.between.to === to;
  if (!startsBefore || !endsAfter || !coversPositions)
    throw new Refused('claim', 'The range does not cover the whole of the time that the file says it does');
}
