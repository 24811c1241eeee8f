import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

const longestText = 20_000;
const longestWord = 256;
const mostWords = 2000;
const together = 3;
const between = /[^\p{L}\p{N}._@+\\:$-]+/u;
const edges = /^[.:_\\$+-]+|[.:_\\+-]+$/gu;

/**
 * What in a record of our own may be somebody's name: each text, its words, and up to three of them in a row. Findings and audit
 * records repeat what events said, in fields nobody declares. Bounded: of a very long record the first words.
 */
export function wordsOf(event: JsonValue): ReadonlySet<string> {
  const words = new Set<string>();
  const add = (word: string): void => {
    if (word.length > 1 && word.length <= longestWord && words.size < mostWords) words.add(word);
  };
  const walk = (value: JsonValue): void => {
    if (words.size >= mostWords) return;
    if (typeof value === 'string') {
      add(value.trim());
      const parts = value.slice(0, longestText).split(between);
      for (const [at, part] of parts.entries()) {
        // The edges of a long run of dots take the square of its length to find.
        if (part.length <= longestWord) {
          add(part.replaceAll(edges, ''));
          for (const piece of piecesOf(part)) add(piece.replaceAll(edges, ''));
        }
        add(part);
        for (let count = 2; count <= together; count += 1)
          if (at + count <= parts.length) add(parts.slice(at, at + count).join(' '));
      }
    } else if (Array.isArray(value)) {
      const items: readonly JsonValue[] = value;
      for (const item of items) walk(item);
    } else if (isJsonObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        if (name.includes(' ') || name.includes('@')) add(name);
        walk(inner);
      }
    }
  };
  walk(event);
  return words;
}

/** A name as it is joined to what it belongs to: `user:ada`, `CORP\ada`, `ada@example.com`, `ip:2001:db8::1`. */
function piecesOf(word: string): readonly string[] {
  if (!/[:\\@]/u.test(word)) return [];
  return [word.slice(word.indexOf(':') + 1), ...word.split(':'), ...word.split(/[:\\@]+/u)];
}
