import type { KnownList } from './authority.ts';

const dayMs = 86_400_000;

/** How long before it ends something is told, in days. Cards take weeks to replace, an authority longer; a list is a matter of a file. */
export const warningDays = { list: 2, person: 30, authority: 60 } as const;

/** Whether something ends soon, or did. Undefined: there is time. */
export type Ending = 'soon' | 'over';

export function endingOf(endsAtMs: number, what: 'person' | 'authority', nowMs: number): Ending | undefined {
  return endingWithin(endsAtMs, warningDays[what] * dayMs, nowMs);
}

/** Of a list that comes every day or hour, its last quarter: it would be about to end all its life. */
export function endingOfList(
  { thisUpdateMs, nextUpdateMs }: Pick<KnownList, 'thisUpdateMs' | 'nextUpdateMs'>,
  nowMs: number,
): Ending | undefined {
  return endingWithin(nextUpdateMs, Math.min(warningDays.list * dayMs, (nextUpdateMs - thisUpdateMs) / 4), nowMs);
}

function endingWithin(endsAtMs: number, beforeMs: number, nowMs: number): Ending | undefined {
  if (nowMs > endsAtMs) return 'over';
  return nowMs > endsAtMs - beforeMs ? 'soon' : undefined;
}
