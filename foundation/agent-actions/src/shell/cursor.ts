import type { List, Place, WordPart } from './syntax.ts';

/** `shell_syntax`: a shell refuses it too. `not_supported`: a shell may take it, and we do not know what it means. */
export type ShellRefusalCode = 'shell_syntax' | 'not_supported' | 'too_long' | 'too_deep' | 'too_many';

export const shellLimits = { characters: 131_072, depth: 40, nodes: 20_000 } as const;

/** Stops the reading of one script. It never leaves `parseShell`. */
export class Stop extends Error {
  readonly code: ShellRefusalCode;
  readonly at: number;
  constructor(code: ShellRefusalCode, at: number, message: string) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

export type HereDocument = {
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly stripsTabs: boolean;
  /** Filled when the line is over. */
  readonly parts: WordPart[];
};

/** Where reading is in one text. What is nested in it (here-documents, backquotes) has a cursor of its own and the same budget. */
export type Cursor = {
  readonly text: string;
  at: number;
  depth: number;
  readonly budget: { nodes: number };
  /** Set in nested texts, whose units are not those of the script: every place in it is this one. */
  readonly origin?: Place;
  /** Here-documents whose text begins after the next line end. */
  pending: HereDocument[];
  /** Here-documents of the command around a substitution wait: a line end in it would take their text. */
  isHereDocumentOutside: boolean;
  /** Whether a reserved word may stand here: after a separator or a compound command, not after a word. */
  mayReserve: boolean;
  /** Where a substitution begins: `time` is a plain word there, as in bash. */
  plainTimeAt: number;
  /** Where `((` was looked at and is not arithmetic, so that no text is tried twice at each depth. */
  readonly notArithmetic: Set<number>;
  /** Reads commands up to one of the stops. Handed in, because words hold commands and commands hold words. */
  readonly readList: (cursor: Cursor, stops: readonly string[]) => List;
};

export function stop(cursor: Cursor, code: ShellRefusalCode, message: string): Stop {
  return new Stop(code, cursor.origin?.start ?? Math.min(cursor.at, cursor.text.length), message);
}

export function place(cursor: Cursor, start: number, end = cursor.at): Place {
  return cursor.origin ?? { start, end };
}

export function countNode(cursor: Cursor): void {
  cursor.budget.nodes += 1;
  if (cursor.budget.nodes > shellLimits.nodes) {
    throw stop(cursor, 'too_many', `it has over ${shellLimits.nodes} parts`);
  }
}

/** Runs `read` one level deeper. */
export function nested<T>(cursor: Cursor, read: () => T): T {
  if (cursor.depth >= shellLimits.depth) throw stop(cursor, 'too_deep', `it is nested over ${shellLimits.depth} deep`);
  cursor.depth += 1;
  const result = read();
  cursor.depth -= 1;
  return result;
}

/** A cursor over a text that is nested in the script, such as that between backquotes. */
export function innerCursor(outer: Cursor, text: string, origin: Place): Cursor {
  return {
    text,
    at: 0,
    depth: outer.depth,
    budget: outer.budget,
    origin: outer.origin ?? origin,
    pending: [],
    isHereDocumentOutside: false,
    mayReserve: true,
    plainTimeAt: -1,
    notArithmetic: new Set(),
    readList: outer.readList,
  };
}

/** Line continuations are nothing at all. */
export function skipContinuations(cursor: Cursor): void {
  while (cursor.text.startsWith('\\\n', cursor.at)) cursor.at += 2;
}

/** The next character after line continuations, or '' at the end. */
export function peek(cursor: Cursor): string {
  skipContinuations(cursor);
  return cursor.text.charAt(cursor.at);
}

/** Blanks, line continuations and a comment, between two tokens. */
export function skipBlanks(cursor: Cursor): void {
  for (;;) {
    const next = peek(cursor);
    if (next === ' ' || next === '\t') {
      cursor.at += 1;
    } else if (next === '#') {
      const end = cursor.text.indexOf('\n', cursor.at);
      cursor.at = end === -1 ? cursor.text.length : end;
      return;
    } else {
      return;
    }
  }
}

/** Takes the operator if it stands next; continuations may stand within. */
export function takes(cursor: Cursor, operator: string): boolean {
  const before = cursor.at;
  for (const character of operator) {
    if (peek(cursor) !== character) {
      cursor.at = before;
      return false;
    }
    cursor.at += 1;
  }
  return true;
}

export function isNext(cursor: Cursor, operator: string): boolean {
  const before = cursor.at;
  const found = takes(cursor, operator);
  cursor.at = before;
  return found;
}

const metaCharacters = ' \t\n|&;()<>';

export function isMeta(character: string): boolean {
  return character === '' || metaCharacters.includes(character);
}
