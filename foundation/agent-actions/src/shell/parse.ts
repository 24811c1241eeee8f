import {
  countNode,
  isMeta,
  isNext,
  nested,
  peek,
  place,
  shellLimits,
  skipBlanks,
  Stop,
  stop,
  takes,
} from './cursor.ts';
import type { Cursor, ShellRefusalCode } from './cursor.ts';
import { readCompound, reservedWord, skipLines } from './read-compound.ts';
import { readRedirect, takeLineEnd } from './read-redirect.ts';
import { readWord } from './read-word.ts';
import { readAssignment, takesArrays } from './read-assignment.ts';
import type { AndOr, Assignment, Command, List, Pipeline, Redirect, Word } from './syntax.ts';

export type ShellRefusal = { readonly code: ShellRefusalCode; readonly at: number; readonly message: string };
export type ParsedShell = { readonly ok: true; readonly script: List } | ({ readonly ok: false } & ShellRefusal);

/**
 * Reads a script as `bash -c` does (POSIX shell command language, section 2, and bash 5.2), extended globs and history off. Never throws;
 * time is linear in the text, depth and size are bounded. What it takes, bash takes; what bash takes and it does not is `not_supported`
 * or over a limit. Nothing is guessed: a refusal has the place and the reason.
 */
export function parseShell(text: string): ParsedShell {
  if (text.length > shellLimits.characters) {
    const message = `it has ${text.length} characters, must be at most ${shellLimits.characters}`;
    return { ok: false, code: 'too_long', at: 0, message };
  }
  const nul = text.indexOf('\0');
  if (nul !== -1) return { ok: false, code: 'not_supported', at: nul, message: 'a NUL stands in it' };
  const cursor: Cursor = {
    text,
    at: 0,
    depth: 0,
    budget: { nodes: 0 },
    pending: [],
    isHereDocumentOutside: false,
    mayReserve: true,
    plainTimeAt: -1,
    notArithmetic: new Set(),
    readList,
  };
  try {
    const script = readList(cursor, []);
    if (cursor.at < text.length) throw stop(cursor, 'shell_syntax', `"${text.charAt(cursor.at)}" is not expected`);
    return { ok: true, script };
  } catch (error) {
    if (error instanceof Stop) return { ok: false, code: error.code, at: error.at, message: error.message };
    throw error;
  }
}

/** Commands up to the end of the text, or to one of the stops, which stays: a reserved word, `)` or `;;`. */
function readList(cursor: Cursor, stops: readonly string[]): List {
  const start = cursor.at;
  const items: AndOr[] = [];
  for (;;) {
    skipLines(cursor);
    if (cursor.at >= cursor.text.length || isAtStop(cursor, stops)) break;
    const item = readAndOr(cursor);
    skipBlanks(cursor);
    const isBackground = !isNext(cursor, '&>') && takes(cursor, '&');
    items.push({ ...item, isBackground });
    if (isBackground) {
      cursor.mayReserve = true;
    } else if (peek(cursor) === '\n') {
      takeLineEnd(cursor);
      cursor.mayReserve = true;
    } else if (isNext(cursor, ';') && !isNext(cursor, ';;') && !isNext(cursor, ';&')) {
      takes(cursor, ';');
      cursor.mayReserve = true;
    } else {
      break;
    }
  }
  return { ...place(cursor, start), items };
}

function isAtStop(cursor: Cursor, stops: readonly string[]): boolean {
  if (stops.includes(';;') && (isNext(cursor, ';;') || isNext(cursor, ';&'))) return true;
  if (stops.includes(')')) return isNext(cursor, ')');
  const word = reservedWord(cursor);
  return word !== undefined && stops.includes(word);
}

function readAndOr(cursor: Cursor): Omit<AndOr, 'isBackground'> {
  const start = cursor.at;
  const first = readPipeline(cursor);
  const rest: { operator: '&&' | '||'; pipeline: Pipeline }[] = [];
  for (;;) {
    skipBlanks(cursor);
    const operator = takes(cursor, '&&') ? '&&' : takes(cursor, '||') ? '||' : undefined;
    if (operator === undefined) return { ...place(cursor, start), first, rest };
    cursor.mayReserve = true;
    skipLines(cursor);
    rest.push({ operator, pipeline: readPipeline(cursor) });
  }
}

function readPipeline(cursor: Cursor): Pipeline {
  const start = cursor.at;
  let isNegated = false;
  let hasPrefix = false;
  for (;;) {
    const word = reservedWord(cursor);
    if (word !== '!' && (word !== 'time' || cursor.at === cursor.plainTimeAt)) break;
    cursor.at += word.length;
    hasPrefix = true;
    if (word === '!') isNegated = !isNegated;
    skipBlanks(cursor);
    if (word === 'time' && /^(?:-p|--)(?=[\s;&|()<>]|$)/.test(cursor.text.slice(cursor.at, cursor.at + 3))) {
      cursor.at += 2;
      skipBlanks(cursor);
    }
  }
  const commands: Command[] = [];
  const isAlone = hasPrefix && /^[\n;]?$/.test(peek(cursor)) && !isNext(cursor, ';;') && !isNext(cursor, ';&');
  if (!isAlone) {
    for (;;) {
      commands.push(readCommand(cursor));
      skipBlanks(cursor);
      if (isNext(cursor, '||') || (!takes(cursor, '|&') && !takes(cursor, '|'))) break;
      cursor.mayReserve = true;
      skipLines(cursor);
      if (reservedWord(cursor) === '!') throw stop(cursor, 'shell_syntax', '"!" stands within a pipeline');
    }
  }
  return { ...place(cursor, start), isNegated, commands };
}

function readCommand(cursor: Cursor): Command {
  skipBlanks(cursor);
  countNode(cursor);
  const start = cursor.at;
  const word = reservedWord(cursor);
  if (word === 'coproc') throw stop(cursor, 'not_supported', '"coproc" is not known');
  if (word === 'function') return readFunctionWord(cursor);
  const shape = readCompound(cursor);
  if (shape !== undefined) {
    cursor.mayReserve = true;
    const redirects = readRedirects(cursor);
    return { ...place(cursor, start), ...shape, redirects };
  }
  if (word !== undefined && closing.has(word)) throw stop(cursor, 'shell_syntax', `"${word}" is not expected`);
  return readSimple(cursor);
}

const closing = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', 'in', '}', ']]']);

function readRedirects(cursor: Cursor): Redirect[] {
  const redirects: Redirect[] = [];
  for (;;) {
    const before = cursor.at;
    skipBlanks(cursor);
    const redirect = readRedirect(cursor);
    if (redirect === undefined) {
      cursor.at = before;
      return redirects;
    }
    cursor.mayReserve = false;
    redirects.push(redirect);
  }
}

/** POSIX shell, 2.9.1: assignments and redirections, then words and redirections. */
function readSimple(cursor: Cursor): Command {
  const start = cursor.at;
  const assignments: Assignment[] = [];
  const words: Word[] = [];
  const redirects: Redirect[] = [];
  let end = cursor.at;
  for (;;) {
    skipBlanks(cursor);
    const redirect = readRedirect(cursor);
    const mayAssign = words.length === 0 || takesArrays(words);
    const assignment = redirect === undefined && mayAssign ? readAssignment(cursor, words) : undefined;
    const word = redirect === undefined && assignment === undefined ? readWord(cursor) : undefined;
    if (redirect !== undefined) redirects.push(redirect);
    else if (assignment !== undefined && words.length === 0) assignments.push(assignment);
    else if (assignment !== undefined) words.push(assignment.value);
    else if (word !== undefined) words.push(word);
    else break;
    cursor.mayReserve = false;
    end = cursor.at;
    if (words.length === 1 && word !== undefined && assignments.length === 0 && redirects.length === 0) {
      const defined = readDefinition(cursor, word, start);
      if (defined !== undefined) return defined;
    }
  }
  if (words.length + assignments.length + redirects.length === 0) {
    throw stop(
      cursor,
      'shell_syntax',
      cursor.at >= cursor.text.length ? 'a command is missing' : `"${peek(cursor)}" is not expected`,
    );
  }
  if (isNext(cursor, '(')) throw stop(cursor, 'shell_syntax', '"(" is not expected');
  return { ...place(cursor, start, end), kind: 'simple', assignments, words, redirects };
}

/** `name() …`, the cursor behind the name. */
function readDefinition(cursor: Cursor, word: Word, start: number): Command | undefined {
  const before = cursor.at;
  skipBlanks(cursor);
  if (!takes(cursor, '(')) {
    cursor.at = before;
    return undefined;
  }
  skipBlanks(cursor);
  if (!takes(cursor, ')')) throw stop(cursor, 'shell_syntax', '"(" is not expected');
  const only = word.parts[0];
  const name = word.parts.length === 1 && only?.kind === 'text' && !only.isQuoted ? only.text : '';
  if (!/^[A-Za-z_][\w.:+-]*$/.test(name)) throw stop(cursor, 'not_supported', 'the name of a function is not plain');
  return readFunctionBody(cursor, name, start);
}

function readFunctionWord(cursor: Cursor): Command {
  const start = cursor.at;
  cursor.at += 'function'.length;
  skipBlanks(cursor);
  const name = /^[A-Za-z_][\w.:+-]*/.exec(cursor.text.slice(cursor.at, cursor.at + 256))?.[0];
  if (name === undefined || !isMeta(cursor.text.charAt(cursor.at + name.length))) {
    throw stop(cursor, 'not_supported', 'the name of a function is not plain');
  }
  cursor.at += name.length;
  cursor.mayReserve = true;
  skipBlanks(cursor);
  const before = cursor.at;
  if (takes(cursor, '(')) {
    skipBlanks(cursor);
    if (!takes(cursor, ')')) cursor.at = before;
  }
  return readFunctionBody(cursor, name, start);
}

function readFunctionBody(cursor: Cursor, name: string, start: number): Command {
  cursor.mayReserve = true;
  skipLines(cursor);
  const bodyAt = cursor.at;
  const shape = nested(cursor, () => readCompound(cursor));
  if (shape === undefined) throw stop(cursor, 'shell_syntax', 'the body of a function is missing');
  cursor.mayReserve = true;
  const body: Command = { ...place(cursor, bodyAt), ...shape, redirects: readRedirects(cursor) };
  return { ...place(cursor, start), kind: 'function', name, body, redirects: [] };
}
