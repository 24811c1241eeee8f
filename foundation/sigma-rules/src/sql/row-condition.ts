import type { RowNeed } from './row-need.ts';
import { rewritten } from './row-words.ts';

/** Takes a value and gives the SQL that stands for it: values never become SQL text. */
export type BindText = (value: string) => string;

/** Beyond it the engine takes longer to prepare the search for words than to hand out the rows. */
const maxWords = 1_500;
/** Beyond it rules are no longer told apart, which costs a microsecond a clause and event: one of the words of any rule is enough. */
const maxRulesApart = 16;

/**
 * ClickHouse SQL that is true of every stored event one of the rules can match, and of as few others as can be told in one look at
 * the text; undefined where that would be all. `column` is our own name of the String column with the event's JSON, in valid UTF-8.
 * One automaton finds the words of all rules at once; what a clause needs is then read off the places.
 */
export function rowCondition(needs: readonly RowNeed[], column: string, bind: BindText): string | undefined {
  const outside = needs.filter(({ isOwn }) => isOwn !== true);
  const own = outside.length === needs.length ? [] : [`NOT JSONHas(${column}, 'raw_data')`];
  if (outside.length === 0) return own[0] ?? '0';
  if (outside.some(({ clauses }) => clauses.length === 0)) return undefined;
  const words = wordsCondition(outside, column, bind);
  return words === undefined ? undefined : `(${[words, ...own].join(' OR ')})`;
}

function wordsCondition(needs: readonly RowNeed[], column: string, bind: BindText): string | undefined {
  const isApart = needs.length <= maxRulesApart;
  const taken = needs.map(({ clauses }) => (isApart ? clauses : clauses.slice(0, 1)));
  const words = [...new Set(taken.flat(2))];
  if (words.length > maxWords) return undefined;
  const patterns = [rewritten, ...words.map(asPattern)].map((pattern) => bind(pattern)).join(', ');
  if (!isApart) return `multiMatchAny(${column}, [${patterns}])`;
  const places = new Map(words.map((word, index) => [word, index + 2]));
  const rules = taken.map((clauses) =>
    clauses
      .map((clause) => `hasAny(found_words, [${clause.map((word) => places.get(word)).join(', ')}])`)
      .join(' AND '),
  );
  // Named once: written out in every clause it would outgrow what the engine reads of a statement.
  const found = `multiMatchAllIndices(${column}, [${patterns}]) AS found_words`;
  return `(has((${found}), 1) OR ${[...new Set(rules)].map((rule) => `(${rule})`).join(' OR ')})`;
}

function asPattern(word: string): string {
  const literal = word.replaceAll(
    /[^0-9a-z ]/g,
    (sign) => String.raw`\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `(?i)${literal}`;
}
