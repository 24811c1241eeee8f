import type { EventPosition, GroupName, GroupState } from '@sallyport/sigma-rules';

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
  const isErased = ({ log, index }: EventPosition): boolean =>
    ranges.some((range) => range.log === log && index >= range.from && index < range.to);
  for (const state of groups) {
    const rows = state.rows.filter((row) => !isErased(row));
    const bases = state.bases
      .filter(({ of }) => !isErased(of))
      .map(({ of, rests }) => ({ of, rests: rests.filter((position) => !isErased(position)) }));
    const others =
      state.otherChained === undefined ? {} : { otherChained: state.otherChained.filter(({ of }) => !isErased(of)) };
    const isSame =
      rows.length === state.rows.length &&
      bases.length === state.bases.length &&
      bases.every(({ rests }, at) => rests.length === state.bases[at]?.rests.length);
    if (isSame) continue;
    matches += state.rows.length - rows.length;
    const isEmpty = rows.length === 0 && state.told.length === 0 && state.folded === undefined;
    if (isEmpty) removed.push({ correlationId: state.correlationId, group: state.group });
    else changed.push({ ...state, rows, bases, ...others });
  }
  return { changed, removed, matches };
}
