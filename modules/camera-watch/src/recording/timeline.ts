import type { RecordingNote } from './recording-notes.ts';
import type { StoredSegment } from './recording-store.ts';
import { mergeSpans, spansInside, spansOutside } from './spans.ts';
import type { Span } from './spans.ts';

/**
 * Why there is nothing the server recorded itself in a time:
 * `offline` the camera sent nothing · `uploaded_later` it sent nothing then, and its own recording later · `camera_off`
 * it was switched off or not there · `deleted` retention deleted it · `lost` it was sent and could not be kept, is gone,
 * or this server was not there to take it.
 */
export type GapReason = 'offline' | 'uploaded_later' | 'camera_off' | 'deleted' | 'lost';
export type Gap = Span & { readonly why: GapReason };

/** In this order: a camera that was off sent nothing that could be lost. */
const noted = ['camera_off', 'lost', 'deleted'] as const;

/**
 * Every time within `span` that is longer than `shortestGapMs` and not recorded live, with its reason; nothing of it is
 * left out. What late segments fill is a gap as well: nobody could watch then.
 */
export function gapsOf(input: {
  readonly span: Span;
  readonly segments: readonly (Pick<StoredSegment, 'startMs' | 'endMs' | 'isLate'> & { readonly isMissing: boolean })[];
  readonly notes: readonly RecordingNote[];
  readonly shortestGapMs: number;
}): Gap[] {
  const { span, segments, notes, shortestGapMs } = input;
  const spansWhere = (wanted: (segment: (typeof segments)[number]) => boolean): Span[] =>
    segments.filter(wanted).map(({ startMs, endMs }) => ({ fromMs: startMs, toMs: endMs }));
  const live = spansWhere((segment) => !segment.isLate && !segment.isMissing);
  const late = spansWhere((segment) => segment.isLate && !segment.isMissing);
  const missing = spansWhere((segment) => segment.isMissing);
  return spansOutside(span, live, shortestGapMs)
    .flatMap((gap) => explain(gap))
    .toSorted((left, right) => left.fromMs - right.fromMs);

  function explain(gap: Span): Gap[] {
    const gaps: Gap[] = spansInside(gap, late).map((part) => ({ ...part, why: 'uploaded_later' }));
    let open = spansOutside(gap, late, shortestGapMs);
    for (const why of noted) {
      const spans = notes.filter((note) => note.why === why);
      const reasons = why === 'lost' ? [...spans, ...missing] : spans;
      gaps.push(...open.flatMap((part) => spansInside(part, reasons).map((inside) => ({ ...inside, why }))));
      open = open.flatMap((part) => spansOutside(part, reasons, shortestGapMs));
    }
    gaps.push(...open.map((part): Gap => ({ ...part, why: 'offline' })));
    // The moments between two segments are no gap of their own.
    return [...Map.groupBy(gaps, ({ why }) => why)].flatMap(([why, parts]) =>
      mergeSpans(parts, shortestGapMs).map((part) => ({ ...part, why })),
    );
  }
}
