import { hiddenText, maxFound } from './hidden-text.ts';
import type { HiddenKind } from './hidden-text.ts';

/** A stretch of two texts laid over each other. */
export type TextPart = {
  readonly change: 'same' | 'removed' | 'added';
  /** As it stands in the text; where it hides, what it is, in signs that are seen. */
  readonly text: string;
  readonly hidden?: HiddenKind;
};

/** Words; more than this on both sides after what is the same at both ends are shown as one text in place of the other. */
const maxWords = 600;

/** What of one text became what of the other, word by word, with nothing hidden in it: the longest common words stay. */
export function diffWords(before: string, after: string): TextPart[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  const same = (x: number, y: number): boolean => a[x]?.raw === b[y]?.raw;
  let start = 0;
  while (start < a.length && start < b.length && same(start, start)) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && same(a.length - 1 - end, b.length - 1 - end)) end += 1;
  const parts: TextPart[] = [];
  const put = (change: TextPart['change'], words: readonly Word[]): void => {
    for (const { shown, hidden } of words) {
      const last = parts.at(-1);
      if (hidden === undefined && last?.change === change && last.hidden === undefined)
        parts[parts.length - 1] = { change, text: last.text + shown };
      else parts.push({ change, text: shown, ...(hidden === undefined ? {} : { hidden }) });
    }
  };
  put('same', a.slice(0, start));
  let [x, y] = [start, start];
  for (const [keptX, keptY] of keptWords(a.slice(start, a.length - end), b.slice(start, b.length - end))) {
    put('removed', a.slice(x, start + keptX));
    put('added', b.slice(y, start + keptY));
    put('same', a.slice(start + keptX, start + keptX + 1));
    [x, y] = [start + keptX + 1, start + keptY + 1];
  }
  put('removed', a.slice(x, a.length - end));
  put('added', b.slice(y, b.length - end));
  put('same', a.slice(a.length - end));
  return parts;
}

/** One text, with what hides in it shown. */
export function shownText(text: string): TextPart[] {
  return diffWords(text, text);
}

type Word = { readonly raw: string; readonly shown: string; readonly hidden?: HiddenKind };

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  const plain = (until: number): void => {
    for (const [raw] of text.slice(at, until).matchAll(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu))
      words.push({ raw, shown: raw });
  };
  const found = hiddenText(text);
  for (const { kind, start, length, shown } of found) {
    plain(start);
    words.push({ raw: text.slice(start, start + length), shown, hidden: kind });
    at = start + length;
  }
  if (found.length < maxFound) plain(text.length);
  // Where so much hides nothing more is looked for, and nothing unlooked-at is shown.
  else if (at < text.length)
    words.push({
      raw: text.slice(at),
      shown: `${text.length - at} more signs, among which more may hide`,
      hidden: 'control',
    });
  return words;
}

/** Places in both of the words that stay (the longest common subsequence, from the back). */
function keptWords(a: readonly Word[], b: readonly Word[]): [number, number][] {
  if (a.length === 0 || b.length === 0 || a.length * b.length > maxWords * maxWords) return [];
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (x: number, y: number): number => longest[x * width + y] ?? 0;
  for (let x = a.length - 1; x >= 0; x -= 1)
    for (let y = b.length - 1; y >= 0; y -= 1)
      longest[x * width + y] = a[x]?.raw === b[y]?.raw ? at(x + 1, y + 1) + 1 : Math.max(at(x + 1, y), at(x, y + 1));
  const kept: [number, number][] = [];
  let [x, y] = [0, 0];
  while (x < a.length && y < b.length) {
    if (a[x]?.raw === b[y]?.raw) {
      kept.push([x, y]);
      x += 1;
      y += 1;
    } else if (at(x + 1, y) >= at(x, y + 1)) x += 1;
    else y += 1;
  }
  return kept;
}
