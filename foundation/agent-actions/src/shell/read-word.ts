import { ansiText } from './ansi-text.ts';
import {
  countNode,
  innerCursor,
  isMeta,
  nested,
  peek,
  place,
  skipBlanks,
  skipContinuations,
  Stop,
  stop,
  takes,
} from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { readParameter } from './read-parameter.ts';
import type { List, Word, WordPart } from './syntax.ts';

/** How far a word goes: a plain one to the next metacharacter, a pattern of `[[` over groups in parentheses. */
type WordKind = 'plain' | 'pattern' | 'regex';

/** The word that begins here, or undefined where none does. POSIX shell, 2.2 and 2.6, with bash's `$'…'`, `$"…"` and `<(…)`. */
export function readWord(cursor: Cursor, kind: WordKind = 'plain'): Word | undefined {
  skipContinuations(cursor);
  const start = cursor.at;
  const parts: WordPart[] = [];
  let parentheses = 0;
  let hasAny = false;
  for (;;) {
    const character = peek(cursor);
    if (character === '') {
      if (parentheses > 0) throw stop(cursor, 'shell_syntax', 'a "(" in a pattern is not closed');
      break;
    }
    if ((character === '<' || character === '>') && cursor.text.charAt(cursor.at + 1) === '(') {
      parts.push(readProcess(cursor, character));
    } else if (kind !== 'plain' && (character === '(' || (character === ')' && parentheses > 0))) {
      if (kind === 'pattern' && character === '(' && parentheses === 0 && !endsWithGroupMark(parts)) break;
      parentheses += character === '(' ? 1 : -1;
      parts.push({ kind: 'text', text: character, isQuoted: false });
      cursor.at += 1;
    } else if (isMeta(character)) {
      const goesOn = kind === 'regex' ? character === '|' || parentheses > 0 : parentheses > 0;
      if (!goesOn || character === '\n') break;
      parts.push({ kind: 'text', text: character, isQuoted: false });
      cursor.at += 1;
    } else {
      readUnquoted(cursor, parts, character);
    }
    hasAny = true;
  }
  if (!hasAny) return undefined;
  countNode(cursor);
  return { ...place(cursor, start), parts: joined(parts) };
}

function endsWithGroupMark(parts: readonly WordPart[]): boolean {
  const last = parts.at(-1);
  return last?.kind === 'text' && !last.isQuoted && /[@?*+!]$/.test(last.text);
}

/** One step outside quotes: a quote, an expansion, an escape, or a run of plain characters. */
function readUnquoted(cursor: Cursor, parts: WordPart[], character: string): void {
  if (character === '\\') {
    const next = cursor.text.charAt(cursor.at + 1);
    if (next === '') throw stop(cursor, 'not_supported', 'it ends with a backslash');
    parts.push({ kind: 'text', text: next, isQuoted: true });
    cursor.at += 2;
  } else if (character === "'") {
    parts.push(readSingleQuoted(cursor));
  } else if (character === '"') {
    cursor.at += 1;
    parts.push(...readQuotedParts(cursor, '"'));
    cursor.at += 1;
  } else if (character === '$') {
    parts.push(...readDollar(cursor, false));
  } else if (character === '`') {
    parts.push(readBackquotes(cursor, false));
  } else {
    const start = cursor.at;
    while (!isMeta(cursor.text.charAt(cursor.at)) && !/[\\'"$`]/.test(cursor.text.charAt(cursor.at))) cursor.at += 1;
    parts.push({ kind: 'text', text: cursor.text.slice(start, cursor.at), isQuoted: false });
  }
}

function readSingleQuoted(cursor: Cursor): WordPart {
  const end = cursor.text.indexOf("'", cursor.at + 1);
  if (end === -1) throw stop(cursor, 'shell_syntax', "a ' is not closed");
  const text = cursor.text.slice(cursor.at + 1, end);
  cursor.at = end + 1;
  return { kind: 'text', text, isQuoted: true };
}

/**
 * What is between double quotes, up to the closing one, which stays. With `end` '' it is the text of a here-document, where `"` is plain.
 */
export function readQuotedParts(cursor: Cursor, end: '"' | ''): WordPart[] {
  const parts: WordPart[] = [];
  const isEscaped = end === '"' ? /[$`"\\\n]/ : /[$`\\\n]/;
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push({ kind: 'text', text, isQuoted: true });
    text = '';
  };
  for (;;) {
    const character = cursor.text.charAt(cursor.at);
    if (character === end) break;
    if (character === '') throw stop(cursor, 'shell_syntax', 'a " is not closed');
    if (character === '\\') {
      const next = cursor.text.charAt(cursor.at + 1);
      if (next === '') {
        text += '\\';
        cursor.at += 1;
      } else {
        if (next !== '\n') text += isEscaped.test(next) ? next : `\\${next}`;
        cursor.at += 2;
      }
    } else if (character === '$') {
      flush();
      parts.push(...readDollar(cursor, true));
    } else if (character === '`') {
      flush();
      parts.push(readBackquotes(cursor, true));
    } else {
      text += character;
      cursor.at += 1;
    }
  }
  flush();
  // An empty pair of quotes is an argument all the same.
  return parts.length === 0 && end === '"' ? [{ kind: 'text', text: '', isQuoted: true }] : parts;
}

/** What begins with `$`. */
function readDollar(cursor: Cursor, isQuoted: boolean): WordPart[] {
  const start = cursor.at;
  cursor.at += 1;
  const next = peek(cursor);
  if (next === '(') return [readDollarParenthesis(cursor, isQuoted)];
  if (next === '{') return [{ kind: 'parameter', parameter: readParameter(cursor, isQuoted, wordReaders), isQuoted }];
  if (next === '[') {
    cursor.at += 1;
    const { text, words } = readArithmetic(cursor, ']');
    cursor.at += 1;
    return [{ kind: 'arithmetic', text, words, isQuoted }];
  }
  if (next === "'" && !isQuoted) return [ansiQuoted(cursor)];
  if (next === '"' && !isQuoted) {
    cursor.at += 1;
    const parts = readQuotedParts(cursor, '"');
    cursor.at += 1;
    return parts;
  }
  const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(cursor.text.slice(cursor.at, cursor.at + 256))?.[0];
  if (name === undefined) {
    if (cursor.at === start + 1) return [{ kind: 'text', text: '$', isQuoted: true }];
    throw stop(cursor, 'not_supported', 'a line ends behind "$"');
  }
  cursor.at += name.length;
  if (name.length > 1 && cursor.text.startsWith('\\\n', cursor.at)) {
    throw stop(cursor, 'not_supported', 'a line ends within the name of a variable');
  }
  return [{ kind: 'parameter', parameter: { name, isIndirect: false, isLength: false }, isQuoted }];
}

function ansiQuoted(cursor: Cursor): WordPart {
  const start = cursor.at + 1;
  let end = start;
  while (cursor.text.charAt(end) !== "'") {
    if (end >= cursor.text.length) throw stop(cursor, 'shell_syntax', "a $' is not closed");
    end += cursor.text.charAt(end) === '\\' ? 2 : 1;
  }
  cursor.at = end + 1;
  return { kind: 'text', text: ansiText(cursor.text.slice(start, end)), isQuoted: true };
}

/** `$((…))` is arithmetic where its parentheses say so, else a substitution that begins with a subshell (POSIX shell, 2.6.3). */
function readDollarParenthesis(cursor: Cursor, isQuoted: boolean): WordPart {
  const open = cursor.at;
  if (cursor.text.startsWith('((', open) && !cursor.notArithmetic.has(open)) {
    const found = tryArithmetic(cursor, open + 2);
    if (found !== undefined) return { kind: 'arithmetic', ...found, isQuoted };
    cursor.notArithmetic.add(open);
    cursor.at = open;
  }
  cursor.at += 1;
  const script = cursor.notArithmetic.has(open) ? unsure(() => readSubstitution(cursor)) : readSubstitution(cursor);
  return { kind: 'command', script, isQuoted };
}

/** What is between `((` and `))`, and the cursor behind them; undefined where the parentheses close otherwise. */
export function tryArithmetic(
  cursor: Cursor,
  from: number,
): { readonly text: string; readonly words: readonly WordPart[] } | undefined {
  const { depth, mayReserve } = cursor;
  cursor.at = from;
  const found = readArithmetic(cursor, ')');
  if (cursor.text.startsWith('))', cursor.at)) {
    cursor.at += 2;
    return found;
  }
  Object.assign(cursor, { depth, mayReserve });
  return undefined;
}

/** An arithmetic expression up to the closing character, which stays. */
function readArithmetic(cursor: Cursor, close: ')' | ']'): { readonly text: string; readonly words: WordPart[] } {
  const open = close === ')' ? '(' : '[';
  const start = cursor.at;
  const words: WordPart[] = [];
  let opened = 0;
  nested(cursor, () => {
    for (;;) {
      const character = cursor.text.charAt(cursor.at);
      if (character === '') throw stop(cursor, 'shell_syntax', `a "${close}" is missing`);
      if (character === close && opened === 0) return;
      if (character === "'" || character === '\\') {
        throw stop(cursor, 'not_supported', `${character} stands in arithmetic`);
      }
      if (character === open) opened += 1;
      else if (character === close) opened -= 1;
      if (character === '$') words.push(...readDollar(cursor, true));
      else if (character === '`') words.push(readBackquotes(cursor, true));
      else if (character === '"') {
        cursor.at += 1;
        words.push(...readQuotedParts(cursor, '"'));
        cursor.at += 1;
      } else cursor.at += 1;
    }
  });
  countNode(cursor);
  return { text: cursor.text.slice(start, cursor.at), words };
}

/** The commands up to `)`, which is taken. */
function readSubstitution(cursor: Cursor): List {
  const { pending, isHereDocumentOutside } = cursor;
  cursor.pending = [];
  cursor.isHereDocumentOutside = isHereDocumentOutside || pending.length > 0;
  cursor.mayReserve = true;
  skipBlanks(cursor);
  cursor.plainTimeAt = cursor.at;
  const script = nested(cursor, () => cursor.readList(cursor, [')']));
  if (!takes(cursor, ')')) throw stop(cursor, 'shell_syntax', 'a ")" is missing');
  if (cursor.pending.length > 0) throw stop(cursor, 'not_supported', 'a here-document ends outside its substitution');
  Object.assign(cursor, { pending, isHereDocumentOutside, mayReserve: false });
  return script;
}

function readProcess(cursor: Cursor, character: '<' | '>'): WordPart {
  cursor.at += 2;
  if (cursor.text.charAt(cursor.at) === '(') throw stop(cursor, 'not_supported', `"${character}((" has two meanings`);
  return { kind: 'process', way: character === '<' ? 'read' : 'write', script: readSubstitution(cursor) };
}

/** `…` between backquotes: the backslashes that only protect from the quotes go, and the rest is a script (POSIX shell, 2.6.3). */
function readBackquotes(cursor: Cursor, isQuoted: boolean): WordPart {
  const start = cursor.at;
  let end = start + 1;
  let inner = '';
  while (cursor.text.charAt(end) !== '`') {
    if (end >= cursor.text.length) throw stop(cursor, 'shell_syntax', 'a ` is not closed');
    const isEscape = cursor.text.charAt(end) === '\\';
    const next = cursor.text.charAt(end + 1);
    if (isEscape && (/[$`\\]/.test(next) || (isQuoted && next === '"'))) inner += next;
    else inner += isEscape ? `\\${next}` : cursor.text.charAt(end);
    end += isEscape ? 2 : 1;
  }
  cursor.at = end + 1;
  const within = innerCursor(cursor, inner, place(cursor, start));
  const script = nested(within, () => readWhole(within));
  return { kind: 'command', script, isQuoted };
}

function readWhole(within: Cursor): List {
  return unsure(() => {
    const script = within.readList(within, []);
    if (within.at < within.text.length) throw stop(within, 'shell_syntax', 'something is left over');
    return script;
  });
}

/** A shell reads some texts only when it runs them: what is wrong in them is not known to it before. */
export function unsure<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Stop && error.code === 'shell_syntax')
      throw new Stop('not_supported', error.at, error.message);
    throw error;
  }
}

/** Neighbouring texts of the same kind are one. */
function joined(parts: readonly WordPart[]): WordPart[] {
  const result: WordPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.kind === 'text' && last?.kind === 'text' && last.isQuoted === part.isQuoted) {
      result[result.length - 1] = { ...last, text: last.text + part.text };
    } else {
      result.push(part);
    }
  }
  return result;
}

const wordReaders = { readDollar, readBackquotes, readSingleQuoted, readQuotedParts };
