import { expiryMs } from './day-keys.ts';
import type { DayKey } from './day-keys.ts';

export type Policy = { readonly class: string; readonly keepDays: number | null };

/** As many days' keys as the sealer lets go in one batch without a person. */
const maxDaysAtOnce = 2;

/**
 * Keys whose day has been kept as long as the policy of its class says, oldest day first: destroyed, held and the newest of each
 * class, which may be added to, aside. `nowMs` is ledger time. Nothing without a policy.
 */
export function dueKeys(state: {
  readonly keys: readonly DayKey[];
  readonly policies: readonly Policy[];
  readonly heldKeyIds: ReadonlySet<string>;
  readonly nowMs: number;
}): DayKey[] {
  const newest = new Map<string, string>();
  for (const key of state.keys) if (key.day > (newest.get(key.class) ?? '')) newest.set(key.class, key.day);
  return state.keys
    .filter((key) => {
      const keepDays = state.policies.find((policy) => policy.class === key.class)?.keepDays ?? null;
      if (keepDays === null || key.isDestroyed || key.day === newest.get(key.class)) return false;
      return !state.heldKeyIds.has(key.id) && expiryMs(key.day, keepDays) <= state.nowMs;
    })
    .toSorted((a, b) => (`${a.day}/${a.class}` < `${b.day}/${b.class}` ? -1 : 1));
}

/** The next batch: no more days than the sealer takes. */
export function nextBatch(due: readonly DayKey[]): DayKey[] {
  const days = new Set([...new Set(due.map(({ day }) => day))].slice(0, maxDaysAtOnce));
  return due.filter(({ day }) => days.has(day));
}
