import { ArchiveError } from '../errors.ts';
import type { SpanName } from '../names.ts';

export type ChainedSpan = SpanName & { readonly name: string };

/**
 * The spans of one log in order, each beginning where the one before ends. Two servers of one history (a snapshot put back) may
 * have cut the same blocks otherwise, or archived them before and after they were pruned: of spans with one beginning the
 * longest and fullest is taken, and what it covers is left out. Throws `archive_invalid` where blocks are missing in between.
 */
export function chainSpans(log: number, spans: readonly ChainedSpan[]): readonly ChainedSpan[] {
  const sorted = spans
    .filter((span) => span.log === log)
    .toSorted((a, b) => a.first - b.first || b.end - a.end || b.bytes - a.bytes);
  const chain: ChainedSpan[] = [];
  for (const span of sorted) {
    const last = chain.at(-1);
    if (last !== undefined && span.end <= last.end) continue;
    if (last !== undefined && span.first !== last.end)
      throw new ArchiveError(
        'archive_invalid',
        `The archive lacks blocks of log ${log}: "${span.name}" does not begin where "${last.name}" ends`,
      );
    chain.push(span);
  }
  return chain;
}
