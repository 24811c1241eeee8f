import { ArchiveError } from '../errors.ts';
import type { SpanName } from '../names.ts';

export type ChainedSpan = SpanName & { readonly name: string };

/**
 * The spans of one log in order, each beginning where the one before ends. Two servers of one history (a snapshot put back)
 * may have cut the same blocks otherwise: of spans with one beginning the longest is taken, and those it covers are left out.
 * Throws `archive_invalid` where blocks are missing in between.
 */
export function chainSpans(log: number, spans: readonly ChainedSpan[]): readonly ChainedSpan[] {
  const sorted = spans
    .filter((span) => span.log === log)
    .toSorted((a, b) => a.segment - b.segment || a.offset - b.offset || b.end - a.end);
  const chain: ChainedSpan[] = [];
  for (const span of sorted) {
    const last = chain.at(-1);
    if (last === undefined) {
      chain.push(span);
      continue;
    }
    if (span.segment === last.segment && span.end <= last.end) continue;
    const follows = span.segment === last.segment ? span.offset === last.end : span.offset === 0;
    if (!follows)
      throw new ArchiveError(
        'archive_invalid',
        `The archive lacks blocks of log ${log}: "${span.name}" does not begin where "${last.name}" ends`,
      );
    chain.push(span);
  }
  return chain;
}
