import type { Confidence, Match } from '../finding.ts';
import { endsInChecksum } from './checksums.ts';
import { isPlaceholder } from './likeness.ts';
import { tokenFormats, type TokenFormat } from './token-formats.ts';

const wordCharacter = /[A-Za-z\d]/;
const longestBefore = 210;

/** Secrets with a form of their own. Linear: a mark is looked for, and each that is found costs a bounded look. */
export function findTokens(text: string): Match[] {
  return tokenFormats.flatMap((format) => format.marks.flatMap((mark) => findMark(text, format, mark)));
}

function findMark(text: string, format: TokenFormat, mark: string): Match[] {
  const found: Match[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    const match = matchAt(text, format, at);
    if (match === undefined) continue;
    found.push(match);
    at = Math.max(at, match.end - 1);
  }
  return found;
}

function matchAt(text: string, format: TokenFormat, at: number): Match | undefined {
  const { kind, name, pattern, check, confidence } = format;
  for (const start of startsOf(text, format, at)) {
    if (start < 0 || (wordCharacter.test(text[start - 1] ?? '') && !isEscape(text, start))) continue;
    pattern.lastIndex = start;
    const [token] = pattern.exec(text) ?? [];
    if (token === undefined || start + token.length <= at) continue;
    const end = start + token.length;
    if (wordCharacter.test(text[end] ?? '')) return undefined;
    return { class: 'secret', kind, start, end, ...judged(token, { name, check, confidence }) };
  }
  return undefined;
}

/** Where it may begin. */
function startsOf(text: string, { before, opens }: TokenFormat, at: number): readonly number[] {
  if (before !== undefined) return before.map((count) => at - count);
  if (opens === undefined) return [at];
  const window = text.slice(Math.max(0, at - longestBefore), at);
  const found = window.indexOf(opens);
  return found < 0 ? [] : [at - window.length + found, at - window.length + window.lastIndexOf(opens)];
}

/** `\n` and its like before a token, where a text stands escaped in another. */
function isEscape(text: string, at: number): boolean {
  return /[nrtbf]/.test(text[at - 1] ?? '') && text[at - 2] === '\\';
}

function judged(
  token: string,
  { name, check, confidence }: { name: string; check: TokenFormat['check']; confidence: Confidence | undefined },
): { readonly confidence: Confidence; readonly why: string } {
  if (check !== undefined && endsInChecksum(token, check))
    return { confidence: 'high', why: `${name}, with its checksum` };
  if (isPlaceholder(token)) return { confidence: 'low', why: `${name} by its form, as documents show one` };
  if (check !== undefined) return { confidence: 'medium', why: `${name} by its form; its checksum does not fit` };
  return { confidence: confidence ?? 'high', why: `${name} by its form` };
}
