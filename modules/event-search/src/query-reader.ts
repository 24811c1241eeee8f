import { isIPv6 } from 'node:net';
import { EventSearchError } from './errors.ts';

export type QueryValue = { readonly text: string; readonly isQuoted: boolean };

export type QueryKeyword = 'AND' | 'OR' | 'NOT';

/** Reads a query from left to right. Every step takes time in proportion to what it reads. */
export type QueryReader = ReturnType<typeof createQueryReader>;

export function createQueryReader(query: string) {
  let at = 0;

  function quoted(): string {
    const start = at;
    let text = '';
    for (at += 1; query[at] !== '"'; at += 1) {
      if (at >= query.length)
        throw queryInvalid(`the quote opened at character ${start + 1} is not closed`, 'close it with another "');
      if (query[at] === '\\' && (query[at + 1] === '"' || query[at + 1] === '\\')) at += 1;
      text += query[at];
    }
    at += 1;
    return text;
  }

  /** Up to a space, or a bracket that was not opened in it: `foo(x)` is one value, also within brackets. */
  function bare(): string {
    const start = at;
    let open = 0;
    for (; at < query.length && !isSpace(query[at]); at += 1) {
      if (query[at] === '(') open += 1;
      if (query[at] === ')') {
        if (open === 0) break;
        open -= 1;
      }
    }
    return query.slice(start, at);
  }

  const match = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern.source, 'uy');
    sticky.lastIndex = at;
    const found = sticky.exec(query)?.[0];
    at += found?.length ?? 0;
    return found;
  };

  function isAtKeyword(keyword: QueryKeyword): boolean {
    if (!query.startsWith(keyword, at)) return false;
    const after = query[at + keyword.length];
    return after === undefined || isSpace(after) || after === '(' || after === ')';
  }

  const isAtPipe = (): boolean =>
    query[at] === '|' && (at + 1 >= query.length || isSpace(query[at + 1])) && (at === 0 || isSpace(query[at - 1]));

  return {
    isAtEnd: () => at >= query.length,
    place: () => at + 1,
    skipSpace: () => void match(/\s+/),
    take(sign: string): boolean {
      if (!query.startsWith(sign, at)) return false;
      at += sign.length;
      return true;
    },
    isAt: (sign: string) => query.startsWith(sign, at),
    /** A word of the language in capitals, by itself. */
    isAtKeyword,
    takeKeyword(keyword: QueryKeyword): boolean {
      if (!isAtKeyword(keyword)) return false;
      at += keyword.length;
      return true;
    },
    /** A stroke by itself between spaces: what follows says what becomes of the events. */
    isAtPipe,
    takePipe(): boolean {
      if (!isAtPipe()) return false;
      at += 1;
      return true;
    },
    /** A name, a number or a comma of a stage. */
    takeStageWord: () => match(/,|[^\s,|"()]{1,256}/),
    /** The sign for not; by itself between spaces it is none. */
    takeMinus(): boolean {
      const next = query[at + 1];
      if (query[at] !== '-' || next === undefined || isSpace(next)) return false;
      at += 1;
      return true;
    },
    /** A name before a colon. `C:\…`, `https://…` and addresses with colons are text. */
    takeField(): string | undefined {
      const before = at;
      const field = match(/[A-Za-z_@][\w@$.-]*:(?!\/\/)(?<!(?:^|[\s(-])[A-Za-z]:(?=\\))/)?.slice(0, -1);
      if (field === undefined) return undefined;
      const whole = /^[0-9A-Fa-f:.]{2,45}(?=[\s)]|$)/.exec(query.slice(before, before + 46))?.[0];
      if (whole === undefined || !isColonAddress(whole)) return field;
      at = before;
      return undefined;
    },
    takeValue(): QueryValue {
      if (query[at] === '"') return { text: quoted(), isQuoted: true };
      return { text: bare(), isQuoted: false };
    },
  };
}

export function queryInvalid(
  why: string,
  hint = 'put text with spaces, quotes, brackets or colons in quotes',
): EventSearchError {
  return new EventSearchError('query_invalid', `Cannot read the query: ${why}`, { hint });
}

/** An IPv6 or hardware address. */
function isColonAddress(text: string): boolean {
  return isIPv6(text) || /^(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/.test(text);
}

function isSpace(sign: string | undefined): boolean {
  return sign !== undefined && /\s/u.test(sign);
}
