import type { SegmentVerdict } from '@sallyport/camera-watch/clip';

type Verified = Extract<SegmentVerdict, { ok: true }>;
export type FilmRecord = Verified['segment']['records'][number];

/** What is played: records of the segments that verify, in the order of time, and what stands between them. */
export type Film = {
  readonly fromMs: number;
  readonly toMs: number;
  /** The picture that is seen at this moment; undefined in a gap and where nothing verifies. */
  frameAt(ms: number): FilmRecord | undefined;
  /** Sound that begins in (after, until]. */
  soundBetween(afterMs: number, untilMs: number): readonly FilmRecord[];
  /** The picture before or after the moment. */
  step(ms: number, by: 1 | -1): number;
  /** Why there is no picture at this moment, or undefined when there is one. */
  blankAt(ms: number): Blank | undefined;
};

/** `refused`: pictures are there and do not verify, so they are not shown. */
export type Blank = {
  readonly kind: 'gap' | 'refused';
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
};

export function createFilm(input: {
  readonly verdicts: readonly SegmentVerdict[];
  readonly gaps: readonly { readonly from_ms: number; readonly to_ms: number; readonly why: string }[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly shortestGapMs: number;
}): Film {
  const records = input.verdicts
    .flatMap((verdict) => (verdict.ok ? verdict.segment.records : []))
    .toSorted((left, right) => left.atMs - right.atMs);
  const frames = records.filter(({ kind }) => kind === 'frame');
  const sounds = records.filter(({ kind }) => kind === 'audio');
  const refused = input.verdicts.flatMap((verdict): Blank[] =>
    verdict.ok || verdict.claimed === undefined
      ? []
      : [{ kind: 'refused', fromMs: verdict.claimed.start_ms, toMs: verdict.claimed.end_ms, reason: verdict.reason }],
  );
  const told = input.gaps
    .filter(({ why }) => why !== 'uploaded_later')
    .map((gap): Blank => ({ kind: 'gap', fromMs: gap.from_ms, toMs: gap.to_ms, reason: gap.why }));
  const firstMs = Math.min(input.fromMs, frames[0]?.atMs ?? input.fromMs);
  const lastMs = Math.max(input.toMs, frames.at(-1)?.atMs ?? input.toMs);

  /** The place of the last frame at or before the moment, -1 before the first. */
  function placeOf(ms: number): number {
    let [low, high] = [0, frames.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((frames[middle]?.atMs ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  function frameAt(ms: number): FilmRecord | undefined {
    // The picture before must not stand in for what does not verify.
    if (refused.some(({ fromMs, toMs }) => ms >= fromMs && ms <= toMs)) return undefined;
    const found = frames[placeOf(ms)];
    return found !== undefined && ms - found.atMs <= input.shortestGapMs ? found : undefined;
  }

  return {
    fromMs: firstMs,
    toMs: lastMs,
    frameAt,
    soundBetween: (afterMs, untilMs) => sounds.filter(({ atMs }) => atMs > afterMs && atMs <= untilMs),
    step(ms, by) {
      const place = placeOf(ms) + by;
      const next = frames[Math.max(0, Math.min(frames.length - 1, place))];
      return next?.atMs ?? ms;
    },
    blankAt(ms) {
      if (frameAt(ms) !== undefined) return undefined;
      const known = [...refused, ...told].find(({ fromMs, toMs }) => ms >= fromMs && ms <= toMs);
      if (known !== undefined) return known;
      // Found by looking, whatever the clip says of itself.
      const place = placeOf(ms);
      return {
        kind: 'gap',
        fromMs: frames[place]?.atMs ?? firstMs,
        toMs: frames[place + 1]?.atMs ?? lastMs,
        reason: '',
      };
    },
  };
}
