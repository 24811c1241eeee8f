import { formatDay } from '../../parts/day.ts';
import { plural } from '../../parts/numbers.ts';
import { labelParts } from '../keys/key-words.ts';
import type { VaultKey } from '../keys/vault-query.ts';
import type { Hold } from './destructions-query.ts';

export type DayChoice = { readonly class: string; readonly from: string; readonly to: string };

export type ChosenDays = {
  /** That a destruction would be asked for, held ones included: they survive it by themselves. */
  readonly keys: readonly VaultKey[];
  readonly days: number;
  readonly firstDay: string | undefined;
  readonly lastDay: string | undefined;
  readonly held: number;
  /** Of the class and range, and left out: what is still added to. */
  readonly stillOpen: number;
};

/** Classes with at least one key that is not destroyed. */
export function classesOf(keys: readonly VaultKey[]): string[] {
  const names = keys.filter(isDayKey).map(({ label }) => labelParts(label).group);
  return [...new Set(names)].toSorted();
}

/** The keys of a class between two days, both included; an empty day does not limit. The newest day of a class is added to. */
export function chosenDays(keys: readonly VaultKey[], choice: DayChoice, holds: readonly Hold[]): ChosenDays {
  const ofClass = keys.filter((key) => isDayKey(key) && labelParts(key.label).group === choice.class);
  const newest = ofClass
    .map((key) => dayOf(key))
    .toSorted()
    .at(-1);
  const inRange = ofClass.filter((key) => {
    const day = dayOf(key);
    return (choice.from === '' || day >= choice.from) && (choice.to === '' || day <= choice.to);
  });
  const closed = inRange.filter((key) => dayOf(key) !== newest);
  const days = [...new Set(closed.map((key) => dayOf(key)))].toSorted();
  const heldIds = new Set(holds.flatMap(({ keyIds }) => keyIds));
  return {
    keys: closed,
    days: days.length,
    firstDay: days[0],
    lastDay: days.at(-1),
    held: closed.filter(({ id }) => heldIds.has(id)).length,
    stillOpen: inRange.length - closed.length,
  };
}

/** What would be destroyed, before it is asked for. */
export function previewWords({ keys, days, firstDay, lastDay, held, stillOpen }: ChosenDays): {
  readonly title: string;
  readonly notes: readonly string[];
} {
  const open = stillOpen === 0 ? [] : ['The newest day is left out: it is still added to.'];
  if (keys.length === 0) return { title: 'No day that could be destroyed', notes: open };
  const range =
    firstDay === lastDay ? formatDay(firstDay ?? '') : `${formatDay(firstDay ?? '')} – ${formatDay(lastDay ?? '')}`;
  return {
    title: `${plural(days, 'day')}: ${range}`,
    notes: [
      ...(held === 0
        ? []
        : [
            `${plural(held, 'key')} of ${keys.length} ${held === 1 ? 'is' : 'are'} under a legal hold and survive${held === 1 ? 's' : ''}.`,
          ]),
      ...open,
    ],
  };
}

function isDayKey({ purpose, level, label, state }: VaultKey): boolean {
  return level === 'data' && purpose === 'block-data' && state !== 'destroyed' && labelParts(label).day !== undefined;
}

function dayOf({ label }: VaultKey): string {
  return labelParts(label).day ?? '';
}
