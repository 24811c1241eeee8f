import { endOfToken } from '../text/characters.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { fixedZone, readIsoTime } from '../text/timestamp.ts';
import { readCee } from './cee.ts';
import { defaultSyslogLimits } from './message.ts';
import type { SyslogLimits, SyslogMessage, SyslogRefusalCode } from './message.ts';
import { readPriority } from './priority.ts';
import { readStructuredData } from './structured-elements.ts';

const utc = fixedZone(0);
const maxHeaderField = 255;

/**
 * RFC 5424. Strict in shape, lenient where real senders stray without doubt about the meaning: header fields up to 255
 * characters and outside ASCII, fractions up to nine digits, a missing space or message at the end.
 */
export function parseRfc5424(
  text: string,
  limits: SyslogLimits = defaultSyslogLimits,
): Parsed<SyslogMessage, SyslogRefusalCode> {
  if (text.length > limits.maxCharacters)
    return refuse(
      'syslog_too_long',
      limits.maxCharacters,
      `Message has ${text.length} characters, must be at most ${limits.maxCharacters}`,
    );
  const head = readPriority(text);
  if (head === undefined) return refuse('syslog_header', 0, `No priority in ${quoted(text)}`);
  if (text.charCodeAt(head.end) !== 49 || text.charCodeAt(head.end + 1) !== 32) {
    return refuse('syslog_version', head.end, `Version at ${quoted(text, head.end)} must be 1`);
  }
  const timeAt = head.end + 2;
  const timeEnd = endOfToken(text, timeAt);
  const isNil = timeEnd === timeAt + 1 && text.charCodeAt(timeAt) === 45;
  const read = isNil ? undefined : readIsoTime(text, timeAt, utc);
  if (!isNil && (read?.end !== timeEnd || read.time.zone === 'assumed')) {
    return refuse('syslog_time', timeAt, `Not a time of RFC 5424: ${quoted(text, timeAt)}`);
  }
  const fields: (string | undefined)[] = [];
  let at = timeEnd + 1;
  for (let index = 0; index < 4; index += 1) {
    const end = endOfToken(text, at);
    if (end === at || end >= text.length || end - at > maxHeaderField) {
      return refuse(
        'syslog_header',
        Math.min(at, text.length),
        `Header field ${index + 3} at ${quoted(text, at)} must have 1 to ${maxHeaderField} characters and one after it`,
      );
    }
    const isAbsent = end === at + 1 && text.charCodeAt(at) === 45;
    fields.push(isAbsent ? undefined : text.slice(at, end));
    at = end + 1;
  }
  const data = readStructuredData(text, at, limits.maxStructuredItems);
  if (!data.ok) return data;
  const after = data.value.end;
  if (after < text.length && text.charCodeAt(after) !== 32) {
    return refuse(
      'syslog_structured_data',
      after,
      `Structured data must be followed by a space, not ${quoted(text, after)}`,
    );
  }
  const spaced = Math.min(after + 1, text.length);
  const messageAt = text.charCodeAt(spaced) === 0xfeff ? spaced + 1 : spaced;
  const message = text.slice(messageAt);
  const [host, application, processId, messageId] = fields;
  return accept({
    header: 'rfc5424' as const,
    priority: head.priority,
    time: read?.time,
    host,
    application,
    processId,
    messageId,
    structuredData: data.value.elements,
    message,
    messageAt,
    cee: readCee(message),
    sequence: undefined,
    clock: undefined,
  });
}
