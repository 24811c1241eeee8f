import { isMeta, peek, place, skipBlanks, skipContinuations, stop } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { takeLineEnd } from './read-redirect.ts';
import { readWord } from './read-word.ts';
import type { Assignment, Word } from './syntax.ts';

const declaring = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);
const perhapsDeclaring = new Set(['alias', 'eval', 'let', 'command', 'builtin']);

/** Whether arguments of this command may be arrays: `declare a=(b c)`. */
export function takesArrays(words: readonly Word[]): boolean {
  const name = plainText(words[0]);
  return declaring.has(name) || perhapsDeclaring.has(name);
}

function plainText(word: Word | undefined): string {
  const only = word?.parts[0];
  return word?.parts.length === 1 && only?.kind === 'text' && !only.isQuoted ? only.text : '';
}

/**
 * The assignment that begins here, or undefined. Behind a command that declares, only one of an array is: others are plain words, and the
 * array's elements become the parts of one word.
 */
export function readAssignment(cursor: Cursor, words: readonly Word[]): Assignment | undefined {
  skipContinuations(cursor);
  const start = cursor.at;
  const head = cursor.text.slice(start, start + 512);
  const found = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[([^\]\s'"`\\|&;()<>[]*)\])?(\+?)=/.exec(head);
  if (found === null) {
    if (
      words.length === 0 &&
      /^[A-Za-z_][A-Za-z0-9_]*(?:\[|(?:\\\n))/.test(head) &&
      !/^\w+\[[^\]\s=]*\](?:[\s;&|)]|$)/.test(head)
    ) {
      throw stop(cursor, 'not_supported', 'this form of assignment is not known');
    }
    return undefined;
  }
  const [whole, name = '', subscript, append] = found;
  const valueAt = start + whole.length;
  if (cursor.text.startsWith('\\\n', valueAt)) throw stop(cursor, 'not_supported', 'a line ends within an assignment');
  const isArray = cursor.text.charAt(valueAt) === '(';
  if (words.length > 0 && !isArray) return undefined;
  const form = { name, isAppend: append === '+', ...(subscript === undefined ? {} : { subscript }) };
  if (isArray) {
    if (subscript !== undefined || perhapsDeclaring.has(plainText(words[0]))) {
      throw stop(cursor, 'not_supported', 'this form of assignment is not known');
    }
    const elements = readElements(cursor, valueAt);
    const at = place(cursor, start);
    const text = `${name}=`;
    const value: Word = {
      ...at,
      parts: [{ kind: 'text', text, isQuoted: true }, ...elements.flatMap((word) => word.parts)],
    };
    return { ...at, ...form, value, elements };
  }
  cursor.at = valueAt;
  const value =
    isMeta(peek(cursor)) && !/[<>]\(/.test(cursor.text.slice(cursor.at, cursor.at + 2)) ? undefined : readWord(cursor);
  return { ...place(cursor, start), ...form, value: value ?? { ...place(cursor, valueAt), parts: [] } };
}

function readElements(cursor: Cursor, open: number): Word[] {
  const elements: Word[] = [];
  cursor.at = open + 1;
  for (;;) {
    skipBlanks(cursor);
    if (peek(cursor) === '[' && !/^\[[\w@$*]*\]/.test(cursor.text.slice(cursor.at, cursor.at + 64))) {
      throw stop(cursor, 'not_supported', 'an element of an array begins with "["');
    }
    const word = readWord(cursor);
    if (word !== undefined) {
      elements.push(word);
    } else if (peek(cursor) === '\n') {
      takeLineEnd(cursor);
    } else if (peek(cursor) === ')') {
      cursor.at += 1;
      if (!isMeta(peek(cursor))) throw stop(cursor, 'not_supported', 'something follows an array directly');
      return elements;
    } else {
      throw stop(cursor, 'shell_syntax', 'an array is not closed');
    }
  }
}
