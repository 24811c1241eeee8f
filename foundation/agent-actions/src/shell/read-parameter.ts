import { countNode, nested, stop } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import type { Parameter, WordPart } from './syntax.ts';

/** What reads the parts of an argument; handed in, because words hold parameters and parameters hold words. */
type Readers = {
  readonly readDollar: (cursor: Cursor, isQuoted: boolean) => WordPart[];
  readonly readBackquotes: (cursor: Cursor, isQuoted: boolean) => WordPart;
  readonly readSingleQuoted: (cursor: Cursor) => WordPart;
  readonly readQuotedParts: (cursor: Cursor, end: '"') => WordPart[];
};

const namePattern = /(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])/y;
const operatorPattern = /(?::[-=?+]|[-=?+]|##?|%%?|\/[/#%]?|\^\^?|,,?|@[A-Za-z]|:)/y;

/** `${…}` (bash manual, "Shell Parameter Expansion"), the cursor on the brace. Where bash would only complain when it runs, `not_supported`. */
export function readParameter(cursor: Cursor, isQuoted: boolean, readers: Readers): Parameter {
  cursor.at += 1;
  return nested(cursor, () => {
    countNode(cursor);
    const mark = takesMark(cursor);
    const name = matchAt(namePattern, cursor);
    if (name === undefined) throw unclear(cursor);
    const subscript =
      cursor.text.charAt(cursor.at) === '[' && /^[A-Za-z_]/.test(name)
        ? readUntil(cursor, ']', { isQuoted, quotesSingle: !isQuoted, readers })
        : undefined;
    const rest = readOperation(cursor, isQuoted, readers);
    if (cursor.text.charAt(cursor.at) !== '}') throw unclear(cursor);
    cursor.at += 1;
    return {
      name,
      isIndirect: mark === '!',
      isLength: mark === '#',
      ...(subscript === undefined ? {} : { subscript }),
      ...rest,
    };
  });
}

/** `#` and `!` before a name mean length and indirection; alone, or before an operator, they are names themselves. */
function takesMark(cursor: Cursor): '#' | '!' | '' {
  const mark = cursor.text.charAt(cursor.at);
  if (mark !== '#' && mark !== '!') return '';
  const next = cursor.text.charAt(cursor.at + 1);
  const isBeforeName =
    /[A-Za-z0-9_]/.test(next) || (/[@*#?$!-]/.test(next) && cursor.text.charAt(cursor.at + 2) === '}');
  if (!isBeforeName) return '';
  cursor.at += 1;
  return mark;
}

function readOperation(
  cursor: Cursor,
  isQuoted: boolean,
  readers: Readers,
): { readonly operator?: string; readonly argument?: readonly WordPart[] } {
  if (cursor.text.startsWith('*}', cursor.at) || cursor.text.startsWith('@}', cursor.at)) {
    // `${!prefix*}`: the names that begin so.
    cursor.at += 1;
    return { operator: '*' };
  }
  const operator = matchAt(operatorPattern, cursor);
  if (operator === undefined) return {};
  if (operator.startsWith('@')) return { operator };
  // Between double quotes, ' is a quote in patterns. Behind :- and its relatives shells differ: it is refused.
  const quotesSingle = !isQuoted || /^[#%/^,]/.test(operator);
  cursor.at -= 1;
  const argument = readUntil(cursor, '}', { isQuoted, quotesSingle, readers });
  cursor.at -= 1;
  return { operator, argument };
}

type UntilOptions = {
  readonly isQuoted: boolean;
  readonly quotesSingle: boolean;
  readonly readers: Readers;
};

/** Parts from behind the character under the cursor up to the closing one, which is taken. */
function readUntil(cursor: Cursor, close: '}' | ']', { isQuoted, quotesSingle, readers }: UntilOptions): WordPart[] {
  const parts: WordPart[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push({ kind: 'text', text, isQuoted });
    text = '';
  };
  const add = (read: readonly WordPart[]): void => {
    flush();
    parts.push(...read);
  };
  cursor.at += 1;
  for (;;) {
    const character = cursor.text.charAt(cursor.at);
    if (character === close) break;
    if (character === '') throw stop(cursor, 'shell_syntax', `a "${close}" is missing`);
    const two = cursor.text.slice(cursor.at, cursor.at + 2);
    if (
      two === '<(' ||
      two === '>(' ||
      (isQuoted && (two === "$'" || (close === '}' && !quotesSingle && character === "'")))
    )
      throw unclear(cursor);
    if (character === '\\') {
      const next = cursor.text.charAt(cursor.at + 1);
      if (next === '') throw stop(cursor, 'shell_syntax', `a "${close}" is missing`);
      if (next !== '\n') add([{ kind: 'text', text: next, isQuoted: true }]);
      cursor.at += 2;
    } else if (character === "'" && quotesSingle) add([readers.readSingleQuoted(cursor)]);
    else if (character === '"') {
      cursor.at += 1;
      add(readers.readQuotedParts(cursor, '"'));
      cursor.at += 1;
    } else if (character === '$') add(readers.readDollar(cursor, isQuoted));
    else if (character === '`') add([readers.readBackquotes(cursor, isQuoted)]);
    else {
      text += character;
      cursor.at += 1;
    }
  }
  flush();
  cursor.at += 1;
  return parts;
}

function matchAt(pattern: RegExp, cursor: Cursor): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

function unclear(cursor: Cursor): Error {
  return cursor.at >= cursor.text.length
    ? stop(cursor, 'shell_syntax', 'a "}" is missing')
    : stop(cursor, 'not_supported', 'this form of ${…} is not known');
}
