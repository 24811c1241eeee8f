// What Cisco devices put between PRI and text: `29: router: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: …`.
import { endOfDigits, endOfToken, isDigit, isLetter, skipSpaces } from '../text/characters.ts';
import type { LogTime, TimeReference } from '../text/timestamp.ts';
import { readHeaderTime } from '../text/header-time.ts';

export type CiscoHeader = {
  readonly sequence: number | undefined;
  readonly clock: 'not_set' | 'unsynchronised' | undefined;
  readonly host: string | undefined;
  readonly time: LogTime | undefined;
  /** `%ASA-6-302013` */
  readonly mnemonic: string;
  readonly messageAt: number;
};

const maxHeader = 300;

/** The header at `at`, or undefined when no mnemonic with facility, severity and name is where one must be. */
export function readCiscoHeader(text: string, start: number, reference: TimeReference): CiscoHeader | undefined {
  const mnemonicAt = text.slice(start, start + maxHeader).indexOf('%');
  if (mnemonicAt < 0) return undefined;
  const mnemonicEnd = endOfMnemonic(text, start + mnemonicAt);
  if (mnemonicEnd === undefined) return undefined;
  let at = skipSpaces(text, start);
  let sequence: number | undefined;
  let host: string | undefined;
  let time: LogTime | undefined;
  let clock: CiscoHeader['clock'];
  const stop = start + mnemonicAt;
  for (let part = 0; at < stop; part += 1) {
    if (part === 6) return undefined;
    const mark = text.charCodeAt(at);
    const marked = mark === 42 || mark === 46 ? 1 : 0;
    const read = time === undefined ? readHeaderTime(text, at + marked, reference) : undefined;
    const digitsEnd = endOfDigits(text, at);
    if (read !== undefined && read.end <= stop) {
      ({ time } = read);
      if (marked === 1) clock = mark === 42 ? 'not_set' : 'unsynchronised';
      at = read.end;
    } else if (sequence === undefined && isDigit(mark) && text.charCodeAt(digitsEnd) === 58) {
      sequence = Number(text.slice(at, digitsEnd));
      at = digitsEnd;
    } else if (mark !== 58) {
      const tokenEnd = Math.min(endOfToken(text, at), stop);
      const end = text.charCodeAt(tokenEnd - 1) === 58 ? tokenEnd - 1 : tokenEnd;
      if (host !== undefined || end === at) return undefined;
      host = text.slice(at, end);
      at = end;
    }
    if (text.charCodeAt(skipSpaces(text, at)) === 58) at = skipSpaces(text, at) + 1;
    at = skipSpaces(text, at);
  }
  if (at !== stop) return undefined;
  const messageAt =
    text.charCodeAt(mnemonicEnd) === 58 ? skipSpaces(text, mnemonicEnd + 1) : skipSpaces(text, mnemonicEnd);
  return { sequence, clock, host, time, mnemonic: text.slice(stop, mnemonicEnd), messageAt };
}

/** `%FACILITY-SUBFACILITY-SEVERITY-NAME`: at least two hyphens, one part a single digit 0-7. */
function endOfMnemonic(text: string, at: number): number | undefined {
  let end = at + 1;
  let hasSeverity = false;
  for (;;) {
    const code = text.charCodeAt(end);
    if (
      code === 45 &&
      isDigit(text.charCodeAt(end + 1)) &&
      text.charCodeAt(end + 1) < 56 &&
      text.charCodeAt(end + 2) === 45
    )
      hasSeverity = true;
    if (!(isLetter(code) || isDigit(code) || code === 45 || code === 95)) break;
    end += 1;
  }
  const after = text.charCodeAt(end);
  return hasSeverity && end - at <= 120 && (after === 58 || after === 32 || Number.isNaN(after)) ? end : undefined;
}
