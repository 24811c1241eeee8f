import { isMeta, isNext, nested, peek, place, skipBlanks, stop, takes } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { readTest } from './read-test.ts';
import { takeLineEnd } from './read-redirect.ts';
import { readWord, tryArithmetic } from './read-word.ts';
import type { Command, List, Word } from './syntax.ts';

type Shape<T> = T extends Command ? Omit<T, 'start' | 'end' | 'redirects'> : never;
export type CompoundShape = Shape<Exclude<Command, { kind: 'simple' | 'function' }>>;

const opening = new Set(['{', 'if', 'while', 'until', 'for', 'select', 'case', '[[']);

/** The compound command that begins here, without its redirections, or undefined (POSIX shell, 2.9.4, and bash's). */
export function readCompound(cursor: Cursor): CompoundShape | undefined {
  if (isNext(cursor, '((')) {
    const before = cursor.at;
    const arithmetic = readArithmeticCommand(cursor);
    if (arithmetic !== undefined) return arithmetic;
    cursor.at = before;
  }
  if (takes(cursor, '(')) {
    cursor.mayReserve = true;
    const body = nested(cursor, () => fullList(cursor, [')']));
    if (!takes(cursor, ')')) throw stop(cursor, 'shell_syntax', 'a ")" is missing');
    return { kind: 'subshell', body };
  }
  const word = reservedWord(cursor);
  if (word === undefined || !opening.has(word)) return undefined;
  cursor.at += word.length;
  cursor.mayReserve = true;
  return nested(cursor, () => readReserved(cursor, word));
}

function readReserved(cursor: Cursor, word: string): CompoundShape {
  switch (word) {
    case '{': {
      const body = fullList(cursor, ['}']);
      expect(cursor, '}');
      return { kind: 'group', body };
    }
    case 'if':
      return readIf(cursor);
    case 'while':
    case 'until': {
      const test = fullList(cursor, ['do']);
      return { kind: 'while', test, body: doneBody(cursor) };
    }
    case 'case':
      return readCase(cursor);
    case '[[':
      return { kind: 'test', words: readTest(cursor) };
    default:
      return readFor(cursor, word === 'for');
  }
}

function readArithmeticCommand(cursor: Cursor): CompoundShape | undefined {
  const start = cursor.at;
  if (cursor.notArithmetic.has(-start - 1)) return undefined;
  takes(cursor, '((');
  const from = cursor.at;
  const found = tryArithmetic(cursor, from);
  if (found === undefined) {
    cursor.notArithmetic.add(-start - 1);
    return undefined;
  }
  return { kind: 'arithmetic', expression: expressionWord(cursor, start, found) };
}

function expressionWord(
  cursor: Cursor,
  start: number,
  found: { readonly text: string; readonly words: readonly Word['parts'][number][] },
): Word {
  return { ...place(cursor, start), parts: [{ kind: 'arithmetic', ...found, isQuoted: true }] };
}

function readIf(cursor: Cursor): CompoundShape {
  const branches: { test: List; body: List }[] = [];
  for (;;) {
    const test = fullList(cursor, ['then']);
    expect(cursor, 'then');
    const body = fullList(cursor, ['elif', 'else', 'fi']);
    branches.push({ test, body });
    if (!takesReserved(cursor, 'elif')) break;
  }
  const otherwise = takesReserved(cursor, 'else') ? fullList(cursor, ['fi']) : undefined;
  expect(cursor, 'fi');
  return { kind: 'if', branches, ...(otherwise === undefined ? {} : { otherwise }) };
}

function doneBody(cursor: Cursor): List {
  expect(cursor, 'do');
  const body = fullList(cursor, ['done']);
  expect(cursor, 'done');
  return body;
}

/** The body of `for` may stand in braces as well. */
function forBody(cursor: Cursor): List {
  if (!takesReserved(cursor, '{')) return doneBody(cursor);
  const body = fullList(cursor, ['}']);
  expect(cursor, '}');
  return body;
}

function readFor(cursor: Cursor, mayBeArithmetic: boolean): CompoundShape {
  skipBlanks(cursor);
  const start = cursor.at;
  if (mayBeArithmetic && takes(cursor, '((')) {
    const found = tryArithmetic(cursor, cursor.at);
    if (found === undefined || found.text.split(';').length !== 3) {
      throw stop(cursor, 'not_supported', 'the parts of "for ((" are not three');
    }
    const expression = expressionWord(cursor, start, found);
    cursor.mayReserve = true;
    skipBlanks(cursor);
    if (peek(cursor) === ';') cursor.at += 1;
    skipLines(cursor);
    return { kind: 'for-arithmetic', expression, body: forBody(cursor) };
  }
  const name = /^[A-Za-z_][A-Za-z0-9_]*(?=[\s;]|$)/.exec(cursor.text.slice(cursor.at, cursor.at + 256))?.[0];
  if (name === undefined) throw stop(cursor, 'not_supported', 'the name of a "for" is not plain');
  cursor.at += name.length;
  cursor.mayReserve = true;
  skipBlanks(cursor);
  if (takes(cursor, ';')) {
    skipLines(cursor);
    return { kind: 'for', name, body: forBody(cursor) };
  }
  skipLines(cursor);
  if (!takesReserved(cursor, 'in')) return { kind: 'for', name, body: forBody(cursor) };
  const words = readWords(cursor);
  if (peek(cursor) === ';' && !isNext(cursor, ';;')) cursor.at += 1;
  else if (peek(cursor) !== '\n') throw stop(cursor, 'shell_syntax', 'the words of a "for" do not end');
  cursor.mayReserve = true;
  skipLines(cursor);
  return { kind: 'for', name, words, body: forBody(cursor) };
}

function readWords(cursor: Cursor): Word[] {
  const words: Word[] = [];
  for (;;) {
    skipBlanks(cursor);
    const word = readWord(cursor);
    if (word === undefined) return words;
    words.push(word);
  }
}

function readCase(cursor: Cursor): CompoundShape {
  skipBlanks(cursor);
  const word = readWord(cursor);
  if (word === undefined) throw stop(cursor, 'shell_syntax', 'the word of a "case" is missing');
  cursor.mayReserve = true;
  skipLines(cursor);
  expect(cursor, 'in');
  const clauses: { patterns: Word[]; body: List }[] = [];
  for (;;) {
    cursor.mayReserve = true;
    skipLines(cursor);
    if (takesReserved(cursor, 'esac')) return { kind: 'case', word, clauses };
    const patterns = readPatterns(cursor);
    cursor.mayReserve = true;
    const body = cursor.readList(cursor, ['esac', ';;']);
    clauses.push({ patterns, body });
    skipBlanks(cursor);
    if (!takes(cursor, ';;&') && !takes(cursor, ';;') && !takes(cursor, ';&')) {
      expect(cursor, 'esac');
      return { kind: 'case', word, clauses };
    }
  }
}

function readPatterns(cursor: Cursor): Word[] {
  takes(cursor, '(');
  const patterns: Word[] = [];
  for (;;) {
    skipBlanks(cursor);
    const pattern = readWord(cursor);
    if (pattern === undefined) throw stop(cursor, 'shell_syntax', 'a pattern of a "case" is missing');
    patterns.push(pattern);
    skipBlanks(cursor);
    if (takes(cursor, ')')) return patterns;
    if (isNext(cursor, '(')) throw stop(cursor, 'not_supported', 'a pattern holds a group');
    if (isNext(cursor, '||') || !takes(cursor, '|'))
      throw stop(cursor, 'shell_syntax', 'a pattern of a "case" does not end');
  }
}

/** A list that must hold a command. */
function fullList(cursor: Cursor, stops: readonly string[]): List {
  const list = cursor.readList(cursor, stops);
  if (list.items.length === 0) throw stop(cursor, 'shell_syntax', 'a command is missing');
  return list;
}

export function skipLines(cursor: Cursor): void {
  skipBlanks(cursor);
  while (peek(cursor) === '\n') {
    takeLineEnd(cursor);
    cursor.mayReserve = true;
    skipBlanks(cursor);
  }
}

/** The plain word here, which is a reserved one only where the grammar asks for one; the cursor stays. */
export function reservedWord(cursor: Cursor): string | undefined {
  if (!cursor.mayReserve) return undefined;
  peek(cursor);
  const word = /^(?:[a-z]+|[{}!]|\[\[|\]\])/.exec(cursor.text.slice(cursor.at, cursor.at + 16))?.[0];
  if (word === undefined) return undefined;
  const behind = cursor.text.charAt(cursor.at + word.length);
  if (behind === '\\' && /^\n?$/.test(cursor.text.charAt(cursor.at + word.length + 1))) {
    throw stop(cursor, 'not_supported', 'a line ends behind the beginning of a command');
  }
  return isMeta(behind) ? word : undefined;
}

function takesReserved(cursor: Cursor, word: string): boolean {
  skipBlanks(cursor);
  if (reservedWord(cursor) !== word) return false;
  cursor.at += word.length;
  cursor.mayReserve = true;
  return true;
}

function expect(cursor: Cursor, word: string): void {
  if (!takesReserved(cursor, word)) throw stop(cursor, 'shell_syntax', `"${word}" is missing`);
}
