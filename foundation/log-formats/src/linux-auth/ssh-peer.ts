import { endOfDigits, isDigit, isLetter } from '../text/characters.ts';
import type { Peer } from './fact.ts';

const maxAddress = 255;

/** `ADDRESS port N` at `at`, and where it ends; undefined when it is not one. */
export function readPeer(text: string, at: number): { readonly peer: Peer; readonly end: number } | undefined {
  const end = endOfAddress(text, at);
  if (end === at) return undefined;
  const address = text.slice(at, end);
  if (!text.startsWith(' port ', end)) return undefined;
  const portAt = end + ' port '.length;
  const portEnd = endOfDigits(text, portAt, 5);
  if (portEnd === portAt) return undefined;
  const port = Number(text.slice(portAt, portEnd));
  return port > 65_535 ? undefined : { peer: { address, port }, end: portEnd };
}

/** An address or host name: letters, digits, `.`, `:`, `-`, `_` and `%`; `UNKNOWN` is one too. */
function endOfAddress(text: string, at: number): number {
  let end = at;
  while (end < at + maxAddress) {
    const code = text.charCodeAt(end);
    if (!(isLetter(code) || isDigit(code) || code === 46 || code === 58 || code === 45 || code === 95 || code === 37))
      break;
    end += 1;
  }
  return end;
}

export type FromPeer = {
  /** What stands before ` from `. */
  readonly before: string;
  readonly peer: Peer;
  readonly end: number;
  readonly ambiguous: boolean;
};

/**
 * `… from ADDRESS port N` with the wanted text after it. When several fit, a stranger's name holds a forged one;
 * `pick` says whether the program wrote the first or the last. Each place is looked at once.
 */
export function readFromPeer(
  text: string,
  at: number,
  rule: { readonly pick: 'first' | 'last'; readonly accepts: (end: number) => boolean },
): FromPeer | undefined {
  let found: FromPeer | undefined;
  for (let from = text.indexOf(' from ', at); from !== -1; from = text.indexOf(' from ', from + 1)) {
    const read = readPeer(text, from + ' from '.length);
    if (read === undefined || !rule.accepts(read.end)) continue;
    const isSecond = found !== undefined;
    if (isSecond && rule.pick === 'first' && found !== undefined) return { ...found, ambiguous: true };
    found = { before: text.slice(at, from), peer: read.peer, end: read.end, ambiguous: isSecond };
  }
  return found;
}
