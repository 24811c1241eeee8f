import { formatDay } from '../../parts/day.ts';
import { plural } from '../../parts/numbers.ts';
import type { Hold } from './destructions-query.ts';

/** What a hold covers, and whether what is recorded later is covered too. */
export function holdCovers({ selector, keyIds, leftOut = 0 }: Pick<Hold, 'selector' | 'keyIds' | 'leftOut'>): string {
  if (selector === undefined) return `${plural(keyIds.length + leftOut, 'key')}, named one by one`;
  const { classes, fromDay, toDay } = selector;
  const what = classes.length === 1 ? `Class “${classes[0] ?? ''}”` : `Classes ${classes.join(', ')}`;
  if (fromDay === undefined && toDay === undefined) return `${what}, all days, also those to come`;
  if (toDay === undefined) return `${what}, from ${formatDay(fromDay ?? '')}, also days to come`;
  if (fromDay === undefined) return `${what}, up to ${formatDay(toDay)}`;
  return `${what}, ${fromDay === toDay ? formatDay(toDay) : `${formatDay(fromDay)} – ${formatDay(toDay)}`}`;
}
