import { countNode, innerCursor, isNext, peek, place, skipBlanks, stop, takes } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { readQuotedParts, readWord, unsure } from './read-word.ts';
import type { Redirect, Word, WordPart } from './syntax.ts';

const operators = ['&>>', '&>', '<<<', '<<-', '<<', '<&', '<>', '<', '>>', '>&', '>|', '>'] as const;

/** The redirection that begins here, or undefined (POSIX shell, 2.7, and bash's `&>`, `{name}>` and `<<<`). */
export function readRedirect(cursor: Cursor): Redirect | undefined {
  const before = cursor.at;
  const start = cursor.at;
  const descriptor = takeDescriptor(cursor);
  // `<(` and `>(` begin a word.
  const operator =
    isNext(cursor, '<(') || isNext(cursor, '>(') ? undefined : operators.find((mark) => takes(cursor, mark));
  if (operator === undefined || (descriptor !== undefined && operator.startsWith('&'))) {
    cursor.at = before;
    return undefined;
  }
  countNode(cursor);
  skipBlanks(cursor);
  const wordAt = cursor.at;
  const word = readWord(cursor);
  if (word === undefined) throw stop(cursor, 'shell_syntax', `what belongs behind "${operator}" is missing`);
  const target =
    operator === '<<' || operator === '<<-'
      ? hereDocument(cursor, word, { wordAt, stripsTabs: operator === '<<-' })
      : word;
  return {
    ...place(cursor, start),
    ...(descriptor === undefined ? {} : { descriptor }),
    operator: operator === '<<-' ? '<<' : operator,
    target,
  };
}

/** Digits, or `{name}`, directly before the operator. */
function takeDescriptor(cursor: Cursor): string | undefined {
  const found = /^(?:([0-9]+)|\{([A-Za-z_][A-Za-z0-9_]*)\})/.exec(cursor.text.slice(cursor.at, cursor.at + 64));
  if (found === null) return undefined;
  cursor.at += found[0].length;
  const next = peek(cursor);
  return next === '<' || next === '>' ? (found[1] ?? found[2]) : undefined;
}

/** The text comes after the line; until then the word's parts are empty and filled in place. */
function hereDocument(
  cursor: Cursor,
  word: Word,
  { wordAt, stripsTabs }: { wordAt: number; stripsTabs: boolean },
): Word {
  let delimiter = '';
  for (const part of word.parts) {
    if (part.kind !== 'text') throw stop(cursor, 'not_supported', 'the end of a here-document holds an expansion');
    delimiter += part.text;
  }
  const written = cursor.text.slice(wordAt, cursor.at);
  if (/\$['"]|\n/.test(written)) throw stop(cursor, 'not_supported', 'the end of a here-document is written unusually');
  const parts: WordPart[] = [];
  cursor.pending.push({ delimiter, isQuoted: /['"\\]/.test(written), stripsTabs, parts });
  return { start: word.start, end: word.end, parts };
}

/** Takes a line end, and the here-documents that were waiting for it. */
export function takeLineEnd(cursor: Cursor): void {
  cursor.at += 1;
  if (cursor.isHereDocumentOutside) {
    throw stop(cursor, 'not_supported', 'a line ends in a substitution while a here-document waits outside');
  }
  for (const document of cursor.pending) {
    const start = cursor.at;
    let body = '';
    for (;;) {
      if (cursor.at >= cursor.text.length) break;
      let line = takeLine(cursor);
      while (!document.isQuoted && endsInContinuation(line) && cursor.at < cursor.text.length) line += takeLine(cursor);
      if (document.stripsTabs) line = line.replace(/^\t+/, '');
      const whole = document.isQuoted ? line : line.replaceAll('\\\n', '');
      if (whole === document.delimiter || whole === `${document.delimiter}\n`) break;
      body += line;
    }
    if (document.isQuoted) {
      document.parts.push({ kind: 'text', text: body, isQuoted: true });
    } else {
      const within = innerCursor(cursor, body, place(cursor, start));
      document.parts.push(...unsure(() => readQuotedParts(within, '')));
    }
  }
  cursor.pending = [];
}

function takeLine(cursor: Cursor): string {
  const end = cursor.text.indexOf('\n', cursor.at);
  const next = end === -1 ? cursor.text.length : end + 1;
  const line = cursor.text.slice(cursor.at, next);
  cursor.at = next;
  return line;
}

function endsInContinuation(line: string): boolean {
  const slashes = /(\\*)\n$/.exec(line)?.[1] ?? '';
  return slashes.length % 2 === 1;
}
