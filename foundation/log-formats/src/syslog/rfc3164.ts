import { endOfToken, isDigit, isLetter, skipSpaces } from '../text/characters.ts';
import { accept, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import type { LogTime, TimeReference } from '../text/timestamp.ts';
import { readCee } from './cee.ts';
import { readCiscoHeader } from './cisco.ts';
import { readHeaderTime } from '../text/header-time.ts';
import { defaultSyslogLimits } from './message.ts';
import type { SyslogLimits, SyslogMessage, SyslogRefusalCode } from './message.ts';
import { readPriority } from './priority.ts';

const maxHost = 255;
const maxTag = 128;

/**
 * RFC 3164 and what is sent under its name. Any text that is not empty is a message: what cannot be told apart stays in
 * `message`, nothing is dropped. A time without year or zone is placed by the reference and says so.
 */
export function parseRfc3164(
  text: string,
  reference: TimeReference,
  limits: SyslogLimits = defaultSyslogLimits,
): Parsed<SyslogMessage, SyslogRefusalCode> {
  if (text.length > limits.maxCharacters)
    return refuse(
      'syslog_too_long',
      limits.maxCharacters,
      `Message has ${text.length} characters, must be at most ${limits.maxCharacters}`,
    );
  if (text.trim() === '') return refuse('syslog_empty', 0, 'Message is empty, must have a character');
  const head = readPriority(text);
  const start = head?.end ?? 0;
  const cisco = readCiscoHeader(text, start, reference);
  if (cisco !== undefined) {
    const { mnemonic, messageAt, sequence, clock, host, time } = cisco;
    return accept({
      ...blank,
      header: 'cisco' as const,
      priority: head?.priority,
      time,
      host,
      application: mnemonic,
      message: text.slice(messageAt),
      messageAt,
      sequence,
      clock,
    });
  }
  const at = skipSpaces(text, start);
  const read = readHeaderTime(text, at, reference);
  // Without priority and time nothing says that the first word is a host.
  const canHaveHost = read !== undefined;
  const afterTime =
    read === undefined ? at : skipSpaces(text, text.charCodeAt(read.end) === 58 ? read.end + 1 : read.end);
  const host = canHaveHost ? readHost(text, afterTime) : undefined;
  const tagAt = host === undefined ? afterTime : skipSpaces(text, host.end);
  const tag = read === undefined && head === undefined ? undefined : readTag(text, tagAt);
  const messageAt = tag?.end ?? tagAt;
  return accept(assemble({ head, time: read?.time, host: host?.name, tag, message: text.slice(messageAt), messageAt }));
}

const blank = {
  processId: undefined,
  messageId: undefined,
  structuredData: [],
  cee: undefined,
  sequence: undefined,
  clock: undefined,
} as const;

function assemble(parts: {
  readonly head: ReturnType<typeof readPriority>;
  readonly time: LogTime | undefined;
  readonly host: string | undefined;
  readonly tag: Tag | undefined;
  readonly message: string;
  readonly messageAt: number;
}): SyslogMessage {
  return {
    ...blank,
    header: 'rfc3164',
    priority: parts.head?.priority,
    time: parts.time,
    host: parts.host,
    application: parts.tag?.name,
    processId: parts.tag?.processId,
    message: parts.message,
    messageAt: parts.messageAt,
    cee: readCee(parts.message),
  };
}

/** The word after the time, unless it is the tag or the beginning of a text that takes no host. */
function readHost(text: string, at: number): { readonly name: string; readonly end: number } | undefined {
  const end = endOfToken(text, at);
  const last = text.charCodeAt(end - 1);
  if (end === at || end - at > maxHost || end === text.length || last === 58) return undefined;
  if (startsText(text, at) || text.startsWith('last message repeated ', at)) return undefined;
  const tag = readTag(text, at);
  // `sshd[12]:` is a tag; `[::1]` and `10.0.0.1:514` are hosts.
  if (tag?.processId !== undefined && tag.end > end) return undefined;
  if (!isHostText(text, at, end)) return undefined;
  return { name: text.slice(at, end), end };
}

/** Letters, digits and what stands in host names and addresses. Others mean that the sender left the host out. */
function isHostText(text: string, at: number, end: number): boolean {
  for (let index = at; index < end; index += 1) {
    const code = text.charCodeAt(index);
    const isPlain = isLetter(code) || isDigit(code) || code === 45 || code === 46 || code === 58 || code === 95;
    // `/` as syslog-ng chains hosts (`a/b`), `%` for scopes, `[]` around addresses, `@` as in `src@relay`, or beyond ASCII.
    if (!isPlain && code !== 47 && code !== 37 && code !== 91 && code !== 93 && code !== 64 && code < 128) return false;
  }
  return true;
}

function startsText(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (
    code === 123 ||
    code === 34 ||
    code === 39 ||
    text.startsWith('CEF:', at) ||
    text.startsWith('LEEF:', at) ||
    text.startsWith('@cee:', at)
  );
}

type Tag = { readonly name: string; readonly processId: string | undefined; readonly end: number };

/** `name[pid]:`, `name:`, `name[pid]` and `name pid …` without colon is text. `end` is where the message begins. */
function readTag(text: string, at: number): Tag | undefined {
  if (startsText(text, at)) return undefined;
  let end = at;
  const most = Math.min(text.length, at + maxTag);
  while (end < most) {
    const code = text.charCodeAt(end);
    if (code === 58 || code === 91 || code <= 32) break;
    end += 1;
  }
  if (end === at || end === most) return undefined;
  const name = text.slice(at, end);
  const stop = text.charCodeAt(end);
  if (stop === 58)
    return isTagEnd(text, end + 1) ? { name, processId: undefined, end: skipOneSpace(text, end + 1) } : undefined;
  if (stop !== 91) return undefined;
  const close = text.slice(end, end + maxTag).indexOf(']');
  if (close < 2) return undefined;
  const after = end + close + 1;
  const processId = text.slice(end + 1, end + close);
  if (processId.includes(' ')) return undefined;
  const code = text.charCodeAt(after);
  if (code === 58) return { name, processId, end: skipOneSpace(text, after + 1) };
  return code === 32 ? { name, processId, end: after + 1 } : undefined;
}

function isTagEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return Number.isNaN(code) || code <= 32 || code === 123 || code === 91 || code === 64;
}

function skipOneSpace(text: string, at: number): number {
  return text.charCodeAt(at) === 32 ? at + 1 : at;
}
