/** Time from one moment to another, milliseconds since 1970. */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** Spans in order, those that touch or are at most `toleranceMs` apart made one. */
export function mergeSpans(spans: readonly Span[], toleranceMs: number): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((left, right) => left.fromMs - right.fromMs)) {
    const last = merged.at(-1);
    if (last !== undefined && span.fromMs - last.toMs <= toleranceMs)
      merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) };
    else merged.push({ fromMs: span.fromMs, toMs: span.toMs });
  }
  return merged;
}

/** What of `span` lies in none of `others`, pieces of at most `toleranceMs` left out. */
export function spansOutside(span: Span, others: readonly Span[], toleranceMs: number): Span[] {
  const outside: Span[] = [];
  let fromMs = span.fromMs;
  for (const other of mergeSpans(others, toleranceMs)) {
    if (other.toMs < span.fromMs || other.fromMs > span.toMs) continue;
    if (other.fromMs - fromMs > toleranceMs) outside.push({ fromMs, toMs: other.fromMs });
    fromMs = Math.max(fromMs, other.toMs);
  }
  if (span.toMs - fromMs > toleranceMs) outside.push({ fromMs, toMs: span.toMs });
  return outside;
}

/** What of `span` lies in one of `others`. */
export function spansInside(span: Span, others: readonly Span[]): Span[] {
  return mergeSpans(others, 0)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(fromMs, span.fromMs), toMs: Math.min(toMs, span.toMs) }))
    .filter(({ fromMs, toMs }) => toMs > fromMs);
}

/** Between two spans that follow each other: the time from one picture to the next. */
const seamMs = 1000;

/** A span no longer than the tolerance must lie in one of the others, or across a seam with at least half of itself in them. */
export function coveredBy(span: Span, others: readonly Span[], toleranceMs: number): boolean {
  if (others.length === 0) return false;
  const lengthMs = span.toMs - span.fromMs;
  if (lengthMs > toleranceMs) return spansOutside(span, others, toleranceMs).length === 0;
  const isIn = ({ fromMs, toMs }: Span): boolean => fromMs <= span.fromMs && toMs >= span.toMs;
  if (others.some(isIn)) return true;
  const insideMs = spansInside(span, others).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return insideMs > 0 && insideMs * 2 >= lengthMs && mergeSpans(others, seamMs).some(isIn);
}
