import { endOfToken, fixedDigits, wholeNumber } from '../text/characters.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { fixedZone, instantOf, monthAt, readClock, readZone } from '../text/timestamp.ts';
import type { LogTime } from '../text/timestamp.ts';

/** One request in the common or combined log format of Apache httpd and nginx. `-` is undefined. */
export type WebAccess = {
  /** With `vhost_combined`: the server's name and port before the client. */
  readonly virtualHost: string | undefined;
  readonly client: string;
  readonly identity: string | undefined;
  readonly user: string | undefined;
  readonly time: LogTime;
  /** The request line as it was logged, escapes undone. */
  readonly request: string;
  /** Undefined when the request line is not `METHOD target[ PROTOCOL]`, as when a client speaks TLS to a plain port. */
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly protocol: string | undefined;
  readonly status: number;
  readonly bytesSent: number | undefined;
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
  /** What follows the known fields. */
  readonly rest: string;
};

export type WebAccessRefusalCode =
  | 'access_too_long'
  | 'access_time'
  | 'access_client'
  | 'access_request'
  | 'access_status';

/**
 * The servers escape quotes in what clients send, so the first `[time] "` is the server's own: a user name or path that
 * imitates one cannot hold the quote.
 */
export function parseWebAccess(line: string, maxCharacters = 65_536): Parsed<WebAccess, WebAccessRefusalCode> {
  if (line.length > maxCharacters)
    return refuse(
      'access_too_long',
      maxCharacters,
      `Line has ${line.length} characters, must be at most ${maxCharacters}`,
    );
  const stamp = findTime(line);
  if (stamp === undefined)
    return refuse('access_time', 0, `No "[day/month/year:time zone]" before a quote in ${quoted(line)}`);
  const head = readHead(line.slice(0, stamp.from));
  if (head === undefined) return refuse('access_client', 0, `No client, identity and user in ${quoted(line)}`);
  const request = readQuoted(line, stamp.end);
  if (request === undefined)
    return refuse('access_request', stamp.end, `Request is not closed: ${quoted(line, stamp.end)}`);
  const status = fixedDigits(line, request.end + 1, 3);
  const statusEnd = request.end + 4;
  if (status < 0 || !isBoundary(line, statusEnd))
    return refuse('access_status', Math.min(line.length, request.end), `No status at ${quoted(line, request.end)}`);
  const bytesEnd = endOfToken(line, Math.min(line.length, statusEnd + 1));
  const bytesText = line.slice(statusEnd + 1, bytesEnd);
  const bytesSent = wholeNumber(bytesText);
  const afterBytes = bytesSent === undefined && bytesText !== '-' ? statusEnd : bytesEnd;
  const referrer = readQuoted(line, afterBytes + 1);
  const userAgent = referrer === undefined ? undefined : readQuoted(line, referrer.end + 1);
  const restAt = userAgent?.end ?? referrer?.end ?? afterBytes;
  return accept({
    ...head,
    time: stamp.time,
    request: request.text,
    ...splitRequest(request.text),
    status,
    bytesSent,
    referrer: absent(referrer?.text),
    userAgent: absent(userAgent?.text),
    rest: line.slice(restAt).trim(),
  });
}

function isBoundary(line: string, at: number): boolean {
  return at >= line.length || line.charCodeAt(at) === 32;
}

function absent(text: string | undefined): string | undefined {
  return text === '-' ? undefined : text;
}

/** The first ` [10/Oct/2000:13:55:36 -0700] "`. `from` is its space, `end` the quote. */
function findTime(line: string): { readonly from: number; readonly end: number; readonly time: LogTime } | undefined {
  for (let at = line.indexOf(' ['); at !== -1; at = line.indexOf(' [', at + 1)) {
    const open = at + 2;
    const day = fixedDigits(line, open, 2);
    const month = monthAt(line, open + 3);
    const year = fixedDigits(line, open + 7, 4);
    const clock = day < 0 || month === 0 || year < 0 ? undefined : readClock(line, open + 12);
    const zone = clock === undefined ? undefined : readZone(line, clock.end + 1);
    if (clock === undefined || zone === undefined || !line.startsWith('] "', zone.end)) continue;
    const unixMs = instantOf({ year, month, day, ...clock }, zone.minutes, fixedZone(0));
    if (unixMs === undefined) continue;
    return {
      from: at,
      end: zone.end + 2,
      time: { unixMs, text: line.slice(open, zone.end), year: 'given', zone: 'given' },
    };
  }
  return undefined;
}

/** `[vhost:port ]client identity user`; the user is the last and may hold spaces. */
function readHead(text: string): Pick<WebAccess, 'virtualHost' | 'client' | 'identity' | 'user'> | undefined {
  const first = endOfToken(text, 0);
  const second = endOfToken(text, Math.min(text.length, first + 1));
  const third = endOfToken(text, Math.min(text.length, second + 1));
  const word = text.slice(0, first);
  const colon = word.lastIndexOf(':');
  const next = text.slice(first + 1, second);
  const hasVirtualHost =
    colon > 0 &&
    wholeNumber(word.slice(colon + 1)) !== undefined &&
    (next.includes('.') || next.includes(':')) &&
    third < text.length;
  if (hasVirtualHost) {
    return {
      virtualHost: word,
      client: next,
      identity: absent(text.slice(second + 1, third)),
      user: absent(text.slice(third + 1)),
    };
  }
  if (first === 0 || second >= text.length) return undefined;
  return { virtualHost: undefined, client: word, identity: absent(next), user: absent(text.slice(second + 1)) };
}

/** A quoted field at `at`; `\"` does not close it. */
function readQuoted(line: string, at: number): { readonly text: string; readonly end: number } | undefined {
  if (line.charCodeAt(at) !== 34) return undefined;
  let hasEscape = false;
  for (let end = at + 1; end < line.length; end += 1) {
    const code = line.charCodeAt(end);
    if (code === 34)
      return { text: hasEscape ? unescapeField(line.slice(at + 1, end)) : line.slice(at + 1, end), end: end + 1 };
    if (code === 92) {
      hasEscape = true;
      end += 1;
    }
  }
  return undefined;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
  ['b', '\b'],
  ['v', '\v'],
  ['f', '\f'],
]);

/** `\xhh` is the byte, as a character of the same number. */
function unescapeField(text: string): string {
  return text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|(.))/gs,
    (whole, hex: string | undefined, letter: string | undefined) =>
      hex === undefined ? (escapes.get(letter ?? '') ?? whole) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function splitRequest(request: string): Pick<WebAccess, 'method' | 'target' | 'protocol'> {
  const methodEnd = request.indexOf(' ');
  const method = request.slice(0, Math.max(methodEnd, 0));
  if (methodEnd < 1 || methodEnd > 32 || !/^[A-Za-z_-]+$/.test(method))
    return { method: undefined, target: undefined, protocol: undefined };
  const last = request.lastIndexOf(' ');
  const hasProtocol = last > methodEnd && request.startsWith('HTTP/', last + 1);
  return {
    method,
    target: request.slice(methodEnd + 1, hasProtocol ? last : request.length),
    protocol: hasProtocol ? request.slice(last + 1) : undefined,
  };
}
