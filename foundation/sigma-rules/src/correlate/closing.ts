import { basisOf, maxBasis } from './basis.ts';
import { openerOf } from './counting.ts';
import type { Counting, GroupSpace } from './counting.ts';
import type { CorrelationFinding } from './engine-types.ts';
import { firstFrom } from './group-rows.ts';

/**
 * Evaluates the windows of a group that are over, the earliest first. `dueMs` says when the next one is, by the watermark of this correlation; undefined when
 * nothing is left of the group.
 */
export function closeWindows(
  space: GroupSpace,
  counting: Counting,
  slot: number,
  watermarkMs: number,
): { readonly found: readonly CorrelationFinding[]; readonly dueMs: number | undefined } {
  const { table, rows } = space;
  const { timespanMs } = counting.definition;
  const found: CorrelationFinding[] = [];
  for (;;) {
    const span = rows.spanOf(slot);
    const folded = table.extraOf(slot)?.folded;
    const opener = span === undefined ? undefined : openerOf(counting, span);
    const startMs = folded?.startMs ?? (opener === undefined ? undefined : span?.chunk.timeMs[opener]);
    // Before the watermark nothing opens a window any more.
    dropBefore(space, slot, Math.min(startMs ?? watermarkMs, watermarkMs));
    if (startMs === undefined) {
      const left = rows.spanOf(slot);
      return { found, dueMs: left === undefined ? undefined : (left.chunk.timeMs[left.to - 1] ?? 0) + timespanMs };
    }
    const endMs = startMs + timespanMs;
    if (endMs > watermarkMs) return { found, dueMs: endMs };
    const finding = evaluateWindow(space, counting, slot, endMs);
    if (finding !== undefined) found.push(finding);
    dropBefore(space, slot, endMs);
    const extra = table.extraOf(slot);
    if (extra !== undefined) extra.folded = undefined;
  }
}

/** The window that the first row opens and that ends before `endMs`. */
function evaluateWindow(
  space: GroupSpace,
  counting: Counting,
  slot: number,
  endMs: number,
): CorrelationFinding | undefined {
  const { table, rows } = space;
  const { measure, id: correlationId } = counting;
  const span = rows.spanOf(slot);
  if (span === undefined) return undefined;
  const { chunk, from } = span;
  const end = firstFrom(chunk, from, span.to, endMs);
  if (end === from || !measure.holds(chunk, from, end, table.extraOf(slot)?.folded)) return undefined;
  const places = measure.basis(chunk, from, end).slice(-maxBasis);
  const last = places.at(-1) ?? from;
  return {
    correlationId,
    group: table.keyOf(slot),
    position: { log: chunk.log[last] ?? 0, index: chunk.index[last] ?? 0 },
    basis: basisOf(space, slot, chunk, places),
    timeMs: chunk.timeMs[last] ?? 0,
    isClosing: true,
  };
}

function dropBefore({ rows }: GroupSpace, slot: number, timeMs: number): void {
  const span = rows.spanOf(slot);
  if (span !== undefined) rows.remove(slot, span.from, firstFrom(span.chunk, span.from, span.to, timeMs));
}
