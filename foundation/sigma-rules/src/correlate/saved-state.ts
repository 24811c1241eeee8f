import type { GroupSpace } from './counting.ts';
import { eventName, pairs } from './group-state.ts';
import type { CountedRow, EventPosition, GroupState } from './group-state.ts';

/** A group in the form it is saved in. */
export function stateOf(
  input: { readonly correlationId: string; readonly fingerprint: string; readonly slot: number },
  { table, rows }: GroupSpace,
): GroupState {
  const { correlationId, fingerprint, slot } = input;
  const span = rows.spanOf(slot);
  const extra = table.extraOf(slot);
  const counted: CountedRow[] = [];
  if (span !== undefined) {
    const { chunk } = span;
    for (let row = span.from; row < span.to; row += 1) {
      counted.push({
        timeMs: chunk.timeMs[row] ?? 0,
        log: chunk.log[row] ?? 0,
        index: chunk.index[row] ?? 0,
        rule: chunk.rule[row] ?? 0,
        value: chunk.value[row] ?? 0,
      });
    }
  }
  const hasNamed = extra?.bases !== undefined || extra?.otherChained !== undefined;
  const names = hasNamed ? new Set(counted.map(eventName)) : undefined;
  const others = [...(extra?.otherChained ?? [])].filter(([of]) => names?.has(of) === true);
  return {
    correlationId,
    fingerprint,
    group: table.keyOf(slot),
    touchedMs: table.columns.touchedMs[slot] ?? 0,
    rows: counted,
    told: [...(extra?.told ?? [])],
    folded: extra?.folded === undefined ? undefined : { ...extra.folded },
    chained: extra?.chained ?? [],
    ...(others.length === 0
      ? {}
      : { otherChained: others.map(([of, chained]) => ({ of: positionNamed(of), chained })) }),
    bases: [...(extra?.bases ?? [])]
      .filter(([of]) => names?.has(of) === true)
      .map(([of, rests]) => ({ of: positionNamed(of), rests: pairs(rests) })),
  };
}

function positionNamed(name: string): EventPosition {
  const [log, index] = name.split('/');
  return { log: Number(log), index: Number(index) };
}
