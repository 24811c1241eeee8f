import type { GroupName, GroupState } from './correlator.ts';

/** Entries of a log that were erased, half-open by index. */
export type ErasedRange = { readonly log: number; readonly from: number; readonly to: number };

/** The groups that rest on events that were erased, without those; a group of which nothing is left is removed. */
export function withoutErased(
  groups: readonly GroupState[],
  ranges: readonly ErasedRange[],
): { readonly changed: readonly GroupState[]; readonly removed: readonly GroupName[]; readonly matches: number } {
  const changed: GroupState[] = [];
  const removed: GroupName[] = [];
  let matches = 0;
  for (const state of groups) {
    const kept = state.matches.filter(
      ({ position: { log, index } }) =>
        !ranges.some((range) => range.log === log && index >= range.from && index < range.to),
    );
    if (kept.length === state.matches.length) continue;
    matches += state.matches.length - kept.length;
    if (kept.length === 0) removed.push({ correlationId: state.correlationId, group: state.group });
    else changed.push({ ...state, matches: kept });
  }
  return { changed, removed, matches };
}
