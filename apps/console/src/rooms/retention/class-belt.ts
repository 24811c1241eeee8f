import { formatDay } from '../../parts/day.ts';
import { plural } from '../../parts/numbers.ts';

/** A class as its belt needs it: a day comes on at the left, moves to the right, and falls off when its time is over. */
export type BeltClass = {
  readonly keepDays: number | null;
  /** UTC days; undefined while nothing is recorded. */
  readonly oldestDay: string | undefined;
  readonly newestDay: string | undefined;
};

export type Belt = {
  /** How far the belt reaches, of the longest there is. */
  readonly length: number;
  /** The part of the belt that lies full, as shares of its own length. */
  readonly from: number;
  readonly to: number;
  /** Whole days until the oldest falls off; undefined when none will. None or fewer: it is due. */
  readonly daysLeft: number | undefined;
  readonly isEndless: boolean;
};

const dayMs = 86_400_000;
const shortest = 0.12;

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}

/** The first day on which what was recorded on `day` is gone: the day itself, and then so many whole days. */
export function goneOn(day: string, keepDays: number): string {
  return new Date(Date.parse(day) + (keepDays + 1) * dayMs).toISOString().slice(0, 10);
}

/** Where things lie. `longestDays` is what the widest belt stands for; lengths go by the root, so that short ones are seen. */
export function beltOf({ keepDays, oldestDay, newestDay }: BeltClass, today: string, longestDays: number): Belt {
  const isEndless = keepDays === null;
  const length = isEndless ? 1 : Math.max(shortest, Math.sqrt(Math.min(1, keepDays / Math.max(1, longestDays))));
  const spanDays = isEndless ? Math.max(1, longestDays) : Math.max(1, keepDays);
  const place = (day: string): number => Math.min(1, Math.max(0, daysBetween(day, today)) / spanDays);
  return {
    length,
    from: newestDay === undefined ? 0 : place(newestDay),
    // The oldest day itself lies on the belt as a whole.
    to: oldestDay === undefined ? 0 : Math.min(1, place(oldestDay) + 1 / spanDays),
    daysLeft: isEndless || oldestDay === undefined ? undefined : keepDays + 1 - daysBetween(oldestDay, today),
    isEndless,
  };
}

/** What the picture of one class says. */
export function beltWords({ keepDays, oldestDay }: BeltClass, { daysLeft }: Belt): string {
  if (oldestDay === undefined) return 'Nothing is recorded in it.';
  const oldest = `The oldest day is ${formatDay(oldestDay)}`;
  if (keepDays === null || daysLeft === undefined) return `${oldest}; it is kept for ever.`;
  if (daysLeft <= 0) return `${oldest}; it has been due since ${formatDay(goneOn(oldestDay, keepDays))}.`;
  return `${oldest}; it is destroyed on ${formatDay(goneOn(oldestDay, keepDays))}, ${plural(daysLeft, 'day')} from now.`;
}
