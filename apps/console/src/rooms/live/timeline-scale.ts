/** What a timeline shows, in Unix milliseconds. */
export type TimeSpan = { readonly fromMs: number; readonly toMs: number };

const shortestSpanMs = 20_000;
const longestSpanMs = 8 * 86_400_000;

/** Where a moment stands, as a part of the width: 0 at the left edge, 1 at the right. */
export function placeOf(timeMs: number, { fromMs, toMs }: TimeSpan): number {
  return (timeMs - fromMs) / Math.max(1, toMs - fromMs);
}

/** The moment at a place. */
export function momentAtPlace(place: number, { fromMs, toMs }: TimeSpan): number {
  return fromMs + place * (toMs - fromMs);
}

/** Shorter with a factor under 1, longer over 1; what stands at `anchorMs` stays where it is. Never past `latestMs`. */
export function zoomed(
  span: TimeSpan,
  factor: number,
  { anchorMs, latestMs }: { readonly anchorMs: number; readonly latestMs: number },
): TimeSpan {
  const length = Math.min(longestSpanMs, Math.max(shortestSpanMs, (span.toMs - span.fromMs) * factor));
  const place = Math.min(1, Math.max(0, placeOf(anchorMs, span)));
  return notAfter({ fromMs: anchorMs - place * length, toMs: anchorMs + (1 - place) * length }, latestMs);
}

/** Moved by a part of its own length; to the right never past `latestMs`. */
export function moved(span: TimeSpan, part: number, latestMs: number): TimeSpan {
  const byMs = (span.toMs - span.fromMs) * part;
  return notAfter({ fromMs: span.fromMs + byMs, toMs: span.toMs + byMs }, latestMs);
}

/** The same length, moved so that the moment is in it; as it is when it already was. */
export function holding(span: TimeSpan, timeMs: number, latestMs: number): TimeSpan {
  if (timeMs >= span.fromMs && timeMs <= span.toMs) return span;
  const half = (span.toMs - span.fromMs) / 2;
  return notAfter({ fromMs: timeMs - half, toMs: timeMs + half }, latestMs);
}

function notAfter({ fromMs, toMs }: TimeSpan, latestMs: number): TimeSpan {
  const over = Math.max(0, toMs - latestMs);
  return { fromMs: Math.round(fromMs - over), toMs: Math.round(toMs - over) };
}

const weekMs = 604_800_000;
const steps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
].map((seconds) => seconds * 1000);

/** Round moments to write below, at most `most` of them; `offsetMinutes` is how far the clock in use is ahead of UTC. */
export function ticksOf(
  span: TimeSpan,
  { most, offsetMinutes }: { readonly most: number; readonly offsetMinutes: number },
): { readonly stepMs: number; readonly ticks: readonly number[] } {
  const length = span.toMs - span.fromMs;
  const stepMs =
    steps.find((step) => length / step <= Math.max(1, most)) ?? Math.ceil(length / Math.max(1, most) / weekMs) * weekMs;
  const offsetMs = offsetMinutes * 60_000;
  const first = Math.ceil((span.fromMs + offsetMs) / stepMs) * stepMs - offsetMs;
  const count = Math.max(0, Math.floor((span.toMs - first) / stepMs) + 1);
  return { stepMs, ticks: Array.from({ length: count }, (_, at) => first + at * stepMs) };
}

/**
 * Spans that touch, or stand so near that nobody could see what is between, as one: a day has 8,640 segments. Ordered by
 * their beginning.
 */
export function joined(spans: readonly TimeSpan[], apartMs: number): TimeSpan[] {
  const result: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last !== undefined && fromMs - last.toMs <= apartMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}

/** In which of few lanes each mark stands, so that none covers another where there is room; `apart` is a part of the width. */
export function lanesOf(
  places: readonly number[],
  { apart, lanes }: { readonly apart: number; readonly lanes: number },
): number[] {
  const ends = Array.from({ length: lanes }, () => Number.NEGATIVE_INFINITY);
  return places.map((place) => {
    const free = ends.findIndex((end) => place - end >= apart);
    // All are taken: where the last one is farthest away.
    const lane = free === -1 ? ends.indexOf(Math.min(...ends)) : free;
    ends[lane] = place;
    return lane;
  });
}

/**
 * From what the address bar says: a span, or how much of the newest there is, following the clock; the last hour when it
 * says nothing that can be read.
 */
export function spanFrom(
  given: { readonly from: string | undefined; readonly to: string | undefined; readonly last?: string | undefined },
  latestMs: number,
): TimeSpan & { readonly isFollowing: boolean } {
  const lastMs = Number(given.last);
  const followedMs = lastMs >= shortestSpanMs && lastMs <= longestSpanMs ? lastMs : 3_600_000;
  const [fromMs, toMs] = [Number(given.from), Number(given.to)];
  const isGiven =
    given.from !== undefined && given.to !== undefined && Number.isFinite(fromMs) && Number.isFinite(toMs);
  if (!isGiven || toMs - fromMs < shortestSpanMs / 2 || toMs - fromMs > longestSpanMs)
    return { fromMs: latestMs - followedMs, toMs: latestMs, isFollowing: true };
  return { fromMs, toMs, isFollowing: false };
}
