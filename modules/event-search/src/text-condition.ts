import { EventSearchError } from './errors.ts';
import type { QueryParameters } from './query-parameters.ts';
import { searchLimits } from './search-request.ts';

/**
 * Conditions for free text: each word must stand in the event. The index knows words as runs of ASCII letters and digits and of any
 * other characters beyond ASCII, lower-cased, so the text is cut the same way; signs between words do not count.
 * Inside JSON a line break is written `\n` and sticks to the word after it, hence the variants `nword`, `rword`, `tword`.
 */
export function textCondition(text: string, parameters: QueryParameters): string[] {
  const words = [...new Set(wordsOf(text))];
  if (words.length > searchLimits.maxWords || text.length > searchLimits.maxValueCharacters) {
    throw new EventSearchError(
      'query_invalid',
      `Cannot search text: ${words.length} words were given, must be at most ${searchLimits.maxWords}`,
    );
  }
  if (words.length === 0) {
    if (text.trim() === '') return [];
    throw new EventSearchError('query_invalid', 'Cannot search text: it must have a letter or digit', {
      hint: 'signs alone are not in the index; compare a field instead, such as cmd:*&&*',
    });
  }
  return words.map(
    (word) => `hasAnyTokens(body, [${['', 'n', 'r', 't'].map((escape) => parameters.text(escape + word)).join(', ')}])`,
  );
}

/**
 * The same for words in quotes: they stand in one value, in this order, with nothing but signs and spaces between them. Found through
 * the index first, so only events with all of the words are read for their order.
 */
export function phraseCondition(text: string, parameters: QueryParameters): string[] {
  const conditions = textCondition(text, parameters);
  const words = wordsOf(text);
  if (words.length < 2) return conditions;
  return [...conditions, `match(body, ${parameters.text(phrasePattern(words))})`];
}

/** In RE2's language. Words hold letters, digits and what is beyond ASCII, so there is nothing to escape in them. */
function phrasePattern(words: readonly string[]): string {
  const sign = String.raw`[^A-Za-z0-9\x{80}-\x{10FFFF}"\\]`;
  // What JSON writes with a backslash is a sign too, also in an original event, which is JSON in JSON; a bare quote ends the value.
  const escape = String.raw`\\(?:["\\/bfnrt]|\\[bfnrt]|u[0-9A-Fa-f]{4})`;
  const between = `(?:${sign}|${escape})+`;
  return `(?i)(?:"|${between})${words.join(between)}(?:"|${between})`;
}

function wordsOf(text: string): string[] {
  return (
    text
      .toWellFormed()
      .toLowerCase()
      .match(/[a-z0-9\u0080-\u{10FFFF}]+/gu) ?? []
  );
}
