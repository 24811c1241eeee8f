import { nested, peek, skipBlanks, stop, takes } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { readWord } from './read-word.ts';
import { takeLineEnd } from './read-redirect.ts';
import type { Word } from './syntax.ts';

const binary = new Set(['==', '=', '!=', '=~', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef']);

/**
 * The words of `[[ … ]]`, the cursor behind its `[[` (bash manual, "Conditional Constructs"). What it does not know is `not_supported`: it
 * only has to find the expansions.
 */
export function readTest(cursor: Cursor): Word[] {
  const words: Word[] = [];
  readOr(cursor, words);
  if (plainWord(cursor) !== ']]') throw unclear(cursor);
  cursor.at += 2;
  return words;
}

function readOr(cursor: Cursor, words: Word[]): void {
  for (;;) {
    readTerm(cursor, words);
    skipLines(cursor);
    if (!takes(cursor, '||') && !takes(cursor, '&&')) return;
  }
}

function readTerm(cursor: Cursor, words: Word[]): void {
  skipLines(cursor);
  if (takes(cursor, '(')) {
    nested(cursor, () => {
      readOr(cursor, words);
    });
    skipLines(cursor);
    if (!takes(cursor, ')')) throw unclear(cursor);
    return;
  }
  const first = plainWord(cursor);
  if (first === '!') {
    cursor.at += 1;
    nested(cursor, () => {
      readTerm(cursor, words);
    });
    return;
  }
  const isUnary = first !== undefined && /^-[a-hknopr-xzGLNORS]$/.test(first);
  words.push(operand(cursor));
  skipBlanks(cursor);
  if (isUnary) {
    words.push(operand(cursor));
    return;
  }
  if (takes(cursor, '<') || takes(cursor, '>')) {
    skipBlanks(cursor);
    words.push(operand(cursor));
    return;
  }
  const operator = plainWord(cursor);
  if (operator === undefined || !binary.has(operator)) return;
  cursor.at += operator.length;
  skipBlanks(cursor);
  words.push(operand(cursor, operator === '=~' ? 'regex' : 'pattern'));
}

function operand(cursor: Cursor, kind: 'plain' | 'pattern' | 'regex' = 'plain'): Word {
  if (plainWord(cursor) === ']]') throw unclear(cursor);
  const word = readWord(cursor, kind);
  if (word === undefined) throw unclear(cursor);
  return word;
}

/** The plain text up to the next blank, for telling operators; undefined where none stands. */
function plainWord(cursor: Cursor): string | undefined {
  peek(cursor);
  return /^[^\s|&;()<>\\'"$`]+(?=[\s|&;()<>]|$)/.exec(cursor.text.slice(cursor.at, cursor.at + 16))?.[0];
}

function skipLines(cursor: Cursor): void {
  skipBlanks(cursor);
  while (peek(cursor) === '\n') {
    takeLineEnd(cursor);
    skipBlanks(cursor);
  }
}

function unclear(cursor: Cursor): Error {
  return cursor.at >= cursor.text.length
    ? stop(cursor, 'shell_syntax', 'a "]]" is missing')
    : stop(cursor, 'not_supported', 'this form of [[ … ]] is not known');
}
