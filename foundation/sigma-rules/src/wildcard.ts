/** One part of a Sigma string: literal text, `*`, `?`, or any of the five dashes of `windash`. */
export type PatternToken =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'many' }
  | { readonly kind: 'one' }
  | { readonly kind: 'dash' };

/** The characters `windash` holds equal. */
export const dashes = ['-', '/', '–', '—', '―'] as const;
const dashSet: ReadonlySet<string> = new Set(dashes);

/** The text between two `*`: one string where it is literal, else its characters and the places that are not. */
const anyOne = 1;
const anyDash = 2;
type Unit = string | typeof anyOne | typeof anyDash;
type Segment = { readonly text: string } | { readonly units: readonly Unit[] };

/**
 * Reads a Sigma string: `\*`, `\?` and `\\` are literal characters, a backslash before anything else is itself
 * (Sigma rules specification, "Escaping").
 */
export function parseWildcards(value: string): PatternToken[] {
  const tokens: PatternToken[] = [];
  let text = '';
  function flush(): void {
    if (text !== '') tokens.push({ kind: 'text', text });
    text = '';
  }
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at);
    const next = value.charAt(at + 1);
    if (character === '\\' && (next === '\\' || next === '*' || next === '?')) {
      text += next;
      at += 1;
    } else if (character === '*' || character === '?') {
      flush();
      tokens.push({ kind: character === '*' ? 'many' : 'one' });
    } else {
      text += character;
    }
  }
  flush();
  return tokens;
}

/** Every dash of the text becomes a place where any of the five dashes may stand. */
export function withDashes(tokens: readonly PatternToken[]): PatternToken[] {
  return tokens.flatMap((token) => (token.kind === 'text' ? splitAtDashes(token.text) : [token]));
}

function splitAtDashes(text: string): PatternToken[] {
  return text
    .split(/([-/–—―])/)
    .filter((part) => part !== '')
    .map((part) => (dashSet.has(part) ? { kind: 'dash' } : { kind: 'text', text: part }));
}

/**
 * Lower case for comparison. The two small sigmas are one letter, so that the outcome does not depend on where in a
 * word the letter stood.
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}

/**
 * A test of a whole string against the pattern. With `cased` false the caller hands in text that went through
 * `foldCase`. The time is at most (length of text) × (longest segment): each segment is looked for once, from left to right,
 * and never tried again.
 */
export function compilePattern(tokens: readonly PatternToken[], cased: boolean): (text: string) => boolean {
  const segments = segmentsOf(tokens, cased);
  const first = segments[0];
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return (text) => text === '';
  if (segments.length === 1) {
    if ('text' in first) return (text) => text === first.text;
    return (text) => matchForward(first, text, 0) === text.length;
  }
  const middle = segments.slice(1, -1);
  return (text) => {
    let from = matchForward(first, text, 0);
    if (from < 0) return false;
    const end = matchBackward(last, text, text.length);
    if (end < from) return false;
    for (const segment of middle) {
      from = findForward(segment, text, from);
      if (from < 0 || from > end) return false;
    }
    return true;
  };
}

function segmentsOf(tokens: readonly PatternToken[], cased: boolean): Segment[] {
  const groups: Unit[][] = [[]];
  for (const token of tokens) {
    const group = groups.at(-1);
    if (token.kind === 'many') groups.push([]);
    else if (token.kind === 'text') group?.push(...Array.from(cased ? token.text : foldCase(token.text)));
    else group?.push(token.kind === 'one' ? anyOne : anyDash);
  }
  return groups.map((units) =>
    units.every((unit) => typeof unit === 'string') ? { text: units.join('') } : { units },
  );
}

/** Where the segment ends when it begins at `from`, or -1. */
function matchForward(segment: Segment, text: string, from: number): number {
  if ('text' in segment) return text.startsWith(segment.text, from) ? from + segment.text.length : -1;
  let at = from;
  for (const unit of segment.units) {
    if (at >= text.length) return -1;
    if (unit === anyOne) at += isPair(text, at) ? 2 : 1;
    else if (unit === anyDash) {
      if (!dashSet.has(text.charAt(at))) return -1;
      at += 1;
    } else {
      if (!text.startsWith(unit, at)) return -1;
      at += unit.length;
    }
  }
  return at;
}

/** Where the segment begins when it ends at `until`, or -1. */
function matchBackward(segment: Segment, text: string, until: number): number {
  if ('text' in segment) return text.endsWith(segment.text) ? until - segment.text.length : -1;
  let at = until;
  for (let index = segment.units.length - 1; index >= 0; index -= 1) {
    const unit = segment.units[index];
    if (at <= 0 || unit === undefined) return -1;
    if (unit === anyOne) at -= at >= 2 && isPair(text, at - 2) ? 2 : 1;
    else if (unit === anyDash) {
      if (!dashSet.has(text.charAt(at - 1))) return -1;
      at -= 1;
    } else {
      if (!text.endsWith(unit, at)) return -1;
      at -= unit.length;
    }
  }
  return at;
}

/** Where the leftmost occurrence of the segment at or after `from` ends, or -1. */
function findForward(segment: Segment, text: string, from: number): number {
  if ('text' in segment) {
    const found = text.indexOf(segment.text, from);
    return found < 0 ? -1 : found + segment.text.length;
  }
  for (let at = from; at <= text.length; at += 1) {
    const end = matchForward(segment, text, at);
    if (end >= 0) return end;
  }
  return -1;
}

/** True when a character outside the Basic Multilingual Plane (two UTF-16 units) begins at `at`: `?` stands for all of it. */
function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xff_ff;
}
