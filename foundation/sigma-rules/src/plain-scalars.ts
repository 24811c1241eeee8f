import type { YamlScalar } from './yaml-node.ts';

/** What the plain reader of YAML makes of single lines; -1 or undefined wherever something is only unusual. */

const space = 0x20;
export const hash = 0x23;
export const quote = 0x27;
export const doubleQuote = 0x22;
const dash = 0x2d;
const colon = 0x3a;
export const pipe = 0x7c;
export const greater = 0x3e;
export const comma = 0x2c;
export const openList = 0x5b;
export const closeList = 0x5d;
export const openMap = 0x7b;
export const closeMap = 0x7d;
const backslash = 0x5c;

/** The library refuses keys of over 1,024 characters (YAML 1.2.2, 7.4.2); longer ones than these are its own. */
const maxKeyLength = 256;

export function indentOf(line: string): number {
  return skipSpaces(line, 0);
}

export function skipSpaces(line: string, from: number): number {
  let at = from;
  while (at < line.length && line.charCodeAt(at) === space) at += 1;
  return at;
}

export function isItem(line: string, at: number): boolean {
  return line.charCodeAt(at) === dash && (line.length === at + 1 || line.charCodeAt(at + 1) === space);
}

/** Where the `:` of a key stands that begins at `from`; -1: what begins there is no key, or an unusual one. */
export function keyEnd(line: string, from: number): number {
  const last = Math.min(line.length, from + maxKeyLength + 1);
  for (let at = from; at < last; at += 1) {
    const code = line.charCodeAt(at);
    const isWord =
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x41 && code <= 0x5a) ||
      code === 0x5f ||
      (at > from && ((code >= 0x30 && code <= 0x39) || code === dash || code === 0x2e || code === pipe));
    if (isWord) continue;
    if (code !== colon || at === from) return -1;
    if (at + 1 < line.length && line.charCodeAt(at + 1) !== space) return -1;
    // Words that are no texts, as keys are; "~" and numbers cannot begin one.
    return /^(?:null|true|false)$/i.test(line.slice(from, at)) ? -1 : at;
  }
  return -1;
}

/** The rest of the line without spaces and comment at its end; undefined where that cannot be told at a glance. */
export function withoutComment(line: string, from: number): string | undefined {
  const begin = line.charCodeAt(from);
  let end = line.length;
  if (begin === quote || begin === doubleQuote) {
    const close = closingQuote(line, from + 1, begin);
    if (close < 0) return undefined;
    const behind = skipSpaces(line, close + 1);
    const isEnd = behind === line.length || (behind > close + 1 && line.charCodeAt(behind) === hash);
    return isEnd ? line.slice(from, close + 1) : undefined;
  }
  const comment = line.indexOf(' #', from);
  if (comment >= 0) end = comment;
  while (end > from && line.charCodeAt(end - 1) === space) end -= 1;
  return line.slice(from, end);
}

/** The quote that ends a text; two single ones stand for one. */
export function closingQuote(line: string, from: number, sign: number): number {
  for (let at = from; at < line.length; at += 1) {
    if (line.charCodeAt(at) !== sign) continue;
    if (sign === doubleQuote || line.charCodeAt(at + 1) !== quote) return at;
    at += 1;
  }
  return -1;
}

export function quotedIn(rest: string, line: number): YamlScalar | undefined {
  const inner = rest.slice(1, -1);
  if (rest.charCodeAt(0) === doubleQuote) {
    for (let at = 0; at < inner.length; at += 1) {
      const code = inner.charCodeAt(at);
      if (code === backslash || code === doubleQuote) return undefined;
    }
    return { kind: 'scalar', line, value: inner, text: inner };
  }
  const value = inner.replaceAll("''", "'");
  return { kind: 'scalar', line, value, text: value };
}

/** Whatever could be a number to somebody, and is not written in the simplest way. */
const numeric =
  /^[-+]?(?:0x[0-9a-fA-F]*|0o[0-7]*|[0-9][0-9_]*|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]*)(?:[eE][-+]?[0-9]*)?|\.(?:inf|nan))$/i;
const simpleNumber = /^(?:0|[1-9][0-9]{0,14})$/;
const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['null', null],
  ['true', true],
  ['false', false],
]);

export function plainIn(rest: string, line: number): YamlScalar | undefined {
  // Signs that mean something at the beginning, and what would be a map within one line.
  if (/^[-?:,[\]{}#&*!|>'"%@`~=<]/.test(rest) || rest.includes(': ') || rest.endsWith(':') || rest === '')
    return undefined;
  const word = words.get(rest);
  if (word !== undefined) return { kind: 'scalar', line, value: word, text: rest };
  if (simpleNumber.test(rest)) return { kind: 'scalar', line, value: Number(rest), text: rest };
  if (numeric.test(rest) || /^(?:null|true|false)$/i.test(rest)) return undefined;
  return { kind: 'scalar', line, value: rest, text: rest };
}
