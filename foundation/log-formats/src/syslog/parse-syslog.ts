import { decodeText } from '../text/decode-text.ts';
import type { TextEncodingName } from '../text/decode-text.ts';
import type { Parsed } from '../text/parsed.ts';
import type { TimeReference } from '../text/timestamp.ts';
import { defaultSyslogLimits } from './message.ts';
import type { SyslogLimits, SyslogMessage, SyslogRefusalCode } from './message.ts';
import { readPriority } from './priority.ts';
import { parseRfc3164 } from './rfc3164.ts';
import { parseRfc5424 } from './rfc5424.ts';

/** A syslog message of either kind: `<PRI>1 ` and then a time or `-` makes it RFC 5424, anything else is RFC 3164. */
export function parseSyslog(
  text: string,
  reference: TimeReference,
  limits: SyslogLimits = defaultSyslogLimits,
): Parsed<SyslogMessage, SyslogRefusalCode> {
  return isRfc5424(text) ? parseRfc5424(text, limits) : parseRfc3164(text, reference, limits);
}

/** The text of a frame or datagram without its trailing line ends and NULs, with the encoding it was in. */
export function syslogText(bytes: Uint8Array): { readonly text: string; readonly encoding: TextEncodingName } {
  let end = bytes.length;
  const isWide = bytes[0] === 0xff || bytes[0] === 0xfe;
  while (!isWide && end > 0 && isTrailer(bytes[end - 1])) end -= 1;
  const { text, encoding } = decodeText(end === bytes.length ? bytes : bytes.subarray(0, end));
  return { text, encoding };
}

function isTrailer(byte: number | undefined): boolean {
  return byte === 10 || byte === 13 || byte === 0;
}

function isRfc5424(text: string): boolean {
  const head = readPriority(text);
  if (head === undefined || text.charCodeAt(head.end) !== 49 || text.charCodeAt(head.end + 1) !== 32) return false;
  const at = head.end + 2;
  return (text.charCodeAt(at) === 45 && text.charCodeAt(at + 1) === 32) || text.charCodeAt(at + 4) === 45;
}
