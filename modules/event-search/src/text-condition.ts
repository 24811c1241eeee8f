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

function wordsOf(text: string): string[] {
  return (
    text
      .toWellFormed()
      .toLowerCase()
      .match(/[a-z0-9\u0080-\u{10FFFF}]+/gu) ?? []
  );
}
