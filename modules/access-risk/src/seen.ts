import { stateLimits } from './state.ts';
import type { Seen } from './state.ts';

const dayMs = 86_400_000;
/** What nobody vouched for is known after so many different days over so long: an attacker who comes every day is told of every day until then. */
const knownDays = 5;
const knownAfterMs = 14 * dayMs;
/** Not seen for so long, it is unknown again. */
const forgottenAfterMs = 180 * dayMs;

export function isKnown(list: readonly Seen[], value: string | undefined, atMs: number): boolean {
  const seen = list.find((one) => one.value === value);
  if (seen === undefined || atMs - seen.lastMs > forgottenAfterMs) return false;
  return seen.isVouched || (seen.days >= knownDays && seen.lastMs - seen.firstMs >= knownAfterMs);
}

/** Adds it, or a day to it. The one seen longest ago and vouched for by nobody goes when there are too many. */
export function learnSeen(
  list: Seen[],
  seen: { readonly value: string; readonly atMs: number; readonly isVouched: boolean; readonly event: string },
): void {
  const { value, atMs, isVouched, event } = seen;
  const known = list.find((one) => one.value === value);
  if (known === undefined || atMs - known.lastMs > forgottenAfterMs) {
    if (known !== undefined) list.splice(list.indexOf(known), 1);
    list.push({ value, firstMs: atMs, lastMs: atMs, days: 1, isVouched, event });
    if (list.length > stateLimits.seen) {
      const [least] = list
        .slice(0, -1)
        .toSorted((a, b) => Number(a.isVouched) - Number(b.isVouched) || a.lastMs - b.lastMs);
      if (least !== undefined) list.splice(list.indexOf(least), 1);
    }
    return;
  }
  if (Math.floor(known.lastMs / dayMs) !== Math.floor(atMs / dayMs)) known.days += 1;
  known.lastMs = Math.max(known.lastMs, atMs);
  known.isVouched ||= isVouched;
  known.event = event;
}
