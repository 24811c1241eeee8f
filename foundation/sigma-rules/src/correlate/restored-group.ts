import type { Counting, GroupSpace } from './counting.ts';
import { eventName, flat } from './group-state.ts';
import type { GroupState } from './group-state.ts';
import { groupFlags } from './group-table.ts';

/** Puts a group that was saved into the slot made for it. */
export function putBack({ table, rows }: GroupSpace, counting: Counting, slot: number, state: GroupState): void {
  for (const row of state.rows) rows.insert(slot, row, 'event and rule');
  table.columns.flags[slot] = groupFlags.saved;
  if (state.told.length > 0 || state.folded !== undefined || state.chained.length > 0 || state.bases.length > 0) {
    const extra = table.withExtra(slot);
    extra.told = [...state.told];
    extra.folded = state.folded === undefined ? undefined : { ...state.folded };
    extra.chained = state.chained;
    for (const { of, chained } of state.otherChained ?? [])
      (extra.otherChained ??= new Map()).set(eventName(of), chained);
    if (state.bases.length > 0) extra.bases = new Map(state.bases.map(({ of, rests }) => [eventName(of), flat(rests)]));
  }
  table.touch(counting.groups, slot, state.touchedMs);
}
