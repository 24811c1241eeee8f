import type { Counting, GroupSpace } from './counting.ts';
import type { GroupName, GroupState } from './group-state.ts';
import { groupFlags } from './group-table.ts';
import { stateOf } from './saved-state.ts';

/** What is to be saved of groups. */
export type GroupChanges = {
  mark(slot: number): void;
  /** To be called before the slot is given up. `isOver`: the watermark alone says that nothing is left of it, so what was saved may go at any time. */
  remove(counting: Counting, slot: number, isOver: boolean): void;
  /** What was saved has to go. */
  forget(name: GroupName): void;
  /** What changed since the last time; `all`: also what the watermark says of what was saved. */
  take(all: boolean): { readonly changed: readonly GroupState[]; readonly removed: readonly GroupName[] };
  /** Of groups that are over and still saved, so many. */
  takeOver(most: number): readonly GroupName[];
};

/** Groups that are over and go with what else is saved: a million of them must not become one transaction. */
const oversAtOnce = 5_000;

export function createGroupChanges(
  { table, rows }: GroupSpace,
  countings: { all(): Iterable<Counting>; at(ordinal: number): Counting | undefined },
): GroupChanges {
  let changedSlots: number[] = [];
  let removed: GroupName[] = [];

  function mark(slot: number): void {
    const flags = table.columns.flags[slot] ?? 0;
    if ((flags & groupFlags.changed) !== 0) return;
    table.columns.flags[slot] = flags | groupFlags.changed;
    changedSlots.push(slot);
  }

  function markOutdated(): void {
    for (const { groups } of countings.all()) {
      for (const shard of groups.shards) {
        for (const slot of shard.values()) {
          if (((table.columns.flags[slot] ?? 0) & groupFlags.outdated) !== 0) mark(slot);
        }
      }
    }
  }

  function takeOver(most: number): GroupName[] {
    const taken: GroupName[] = [];
    for (const { id: correlationId, over } of countings.all()) {
      for (const group of over) {
        if (taken.length >= most) return taken;
        over.delete(group);
        taken.push({ correlationId, group });
      }
    }
    return taken;
  }

  return {
    mark,
    takeOver,
    remove(counting, slot, isOver) {
      if (((table.columns.flags[slot] ?? 0) & groupFlags.saved) === 0) return;
      const group = table.keyOf(slot);
      if (isOver) counting.over.add(group);
      else removed.push({ correlationId: counting.id, group });
    },
    forget: (name) => void removed.push(name),
    take(all) {
      if (all) markOutdated();
      const changed: GroupState[] = [];
      for (const slot of changedSlots) {
        const flags = table.columns.flags[slot] ?? 0;
        const counting = countings.at(table.ordinalOf(slot));
        // It may be gone, or the slot may be another group's by now.
        if (counting === undefined || (flags & groupFlags.changed) === 0) continue;
        table.columns.flags[slot] = (flags & ~(groupFlags.changed | groupFlags.outdated)) | groupFlags.saved;
        const { id: correlationId, definition } = counting;
        changed.push(stateOf({ correlationId, fingerprint: definition.fingerprint, slot }, { table, rows }));
      }
      const gone = stillGone(changed, [...removed, ...takeOver(all ? Infinity : oversAtOnce)]);
      changedSlots = [];
      removed = [];
      return { changed, removed: gone };
    },
  };
}

/** A group that was removed and came again is only changed. */
function stillGone(changed: readonly GroupState[], removed: readonly GroupName[]): readonly GroupName[] {
  if (removed.length === 0) return removed;
  const names = new Set(changed.map(({ correlationId, group }) => `${correlationId}\n${group}`));
  return removed.filter(({ correlationId, group }) => !names.has(`${correlationId}\n${group}`));
}
