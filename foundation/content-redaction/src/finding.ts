/** What was undone before something was seen. */
export type Encoding =
  | 'base64'
  | 'hex'
  | 'gzip'
  | 'percent'
  | 'entities'
  | 'escapes'
  | 'invisible'
  | 'look-alikes'
  | 'utf-16';

/** `high`: a form of its own, often with check digits; `medium`: very likely; `low`: looks like it, and like other things too. */
export type Confidence = 'low' | 'medium' | 'high';

/** Something in a text that is secret, or about a person. */
export type Found = {
  readonly class: 'secret' | 'personal';
  /** `aws-key`, `email`: small letters and hyphens. */
  readonly kind: string;
  readonly confidence: Confidence;
  /** How it was known, in words that hold nothing of it. */
  readonly why: string;
  /** Place in the text as it was given: UTF-16 units, the end is past it. What was encoded is the whole encoded piece. */
  readonly start: number;
  readonly end: number;
  /** Outermost first; empty where it stands as it is. */
  readonly layers: readonly Encoding[];
};

/** A finding in the text a rule looked at. */
export type Match = Omit<Found, 'layers'>;

const rank: Readonly<Record<Confidence, number>> = { low: 0, medium: 1, high: 2 };

export function isAtLeast(confidence: Confidence, least: Confidence): boolean {
  return rank[confidence] >= rank[least];
}

/**
 * Pieces that do not overlap, in order. Of those that do, the surest names the whole of them: nothing that any rule saw stays outside.
 */
export function withoutOverlaps(found: readonly Found[]): Found[] {
  const chosen: Found[] = [];
  const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end);
  for (const next of sorted) {
    const last = chosen.at(-1);
    if (last === undefined || next.start >= last.end) {
      chosen.push(next);
      continue;
    }
    const better = isBetter(next, last) ? next : last;
    chosen[chosen.length - 1] = { ...better, start: last.start, end: Math.max(last.end, next.end) };
  }
  return chosen;
}

function isBetter(next: Found, last: Found): boolean {
  const order =
    rank[next.confidence] - rank[last.confidence] ||
    Number(next.class === 'secret') - Number(last.class === 'secret') ||
    last.layers.length - next.layers.length;
  return order > 0 || (order === 0 && next.end - next.start > last.end - last.start);
}
