import type { Hits } from './literal.ts';
import type { TextSearch } from './text-search.ts';

type Entry = { readonly literal: string; readonly hits: Hits };

/** A literal is known by as many of its outermost characters as the greatest of these lengths it has. */
const lengths = [1, 2, 3, 4, 6, 8, 12, 16, 24] as const;
const prime = 0x01_00_01_93;

/**
 * Many literals that a text must begin with, or end with. The text is hashed from its edge inwards once, as far as some literal
 * needs; where the hash of so many characters is some literal's, the literal is compared.
 */
export function createEdgeSearch(literals: ReadonlyMap<string, Hits>, edge: 'start' | 'end'): TextSearch {
  const step = edge === 'start' ? 1 : -1;
  const buckets = new Map<number, Entry[]>();
  const used = new Set<number>();
  const everywhere: Hits[] = [];
  for (const [literal, hits] of literals) {
    const length = lengths.findLast((known) => known <= literal.length);
    if (length === undefined) {
      everywhere.push(hits);
      continue;
    }
    used.add(length);
    let hash = 0;
    for (let count = 0; count < length; count += 1)
      hash = mixed(hash, literal.charCodeAt(edge === 'start' ? count : literal.length - 1 - count));
    const bucket = buckets.get(hash);
    if (bucket === undefined) buckets.set(hash, [{ literal, hits }]);
    else bucket.push({ literal, hits });
  }
  const longest = Math.max(0, ...used);
  const isUsed = Uint8Array.from({ length: longest + 1 }, (_, length) => (used.has(length) ? 1 : 0));
  const shift = 32 - Math.min(16, Math.max(6, Math.ceil(Math.log2(buckets.size * 8 + 1))));
  const isHash = new Uint8Array(1 << (32 - shift));
  for (const hash of buckets.keys()) isHash[(hash ^ (hash << 15)) >>> shift] = 1;

  return {
    search(text, onHits) {
      for (const hits of everywhere) onHits(hits);
      const until = Math.min(longest, text.length);
      let hash = 0;
      let at = edge === 'start' ? 0 : text.length - 1;
      for (let length = 1; length <= until; length += 1) {
        hash = mixed(hash, text.charCodeAt(at));
        at += step;
        if (isUsed[length] === 0 || isHash[(hash ^ (hash << 15)) >>> shift] === 0) continue;
        for (const { literal, hits } of buckets.get(hash) ?? []) {
          if (edge === 'start' ? text.startsWith(literal) : text.endsWith(literal)) onHits(hits);
        }
      }
    },
  };
}

function mixed(hash: number, unit: number): number {
  return (Math.imul(hash ^ unit, prime) + 1) | 0;
}
