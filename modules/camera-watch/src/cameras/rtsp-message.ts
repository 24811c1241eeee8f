import { CameraWatchError } from '../errors.ts';
import { createByteQueue } from '../frames/byte-queue.ts';

/** Names in lower case, each with every value it came with, one character a byte. */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>;

export type RtspRequest = {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
};

export type RtspResponse = {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
};

/** RTP or RTCP between the messages (RFC 2326 section 10.12); `bytes` with its head of four. */
export type RtspFrame = { readonly kind: 'frame'; readonly channel: number; readonly bytes: Uint8Array };

export type RtspItem = RtspRequest | RtspResponse | RtspFrame;

/**
 * Reads what one side of an RTSP connection sends (RFC 2326), as it comes. Whatever is sent, at most one message is held,
 * its head and its body within `rtspLimits`. Throws `camera_input_failed` for what is no RTSP; it is of no use after that.
 */
export type RtspReader = {
  /** What is whole with these bytes. */
  push(bytes: Uint8Array): readonly RtspItem[];
};

export const rtspLimits = { headBytes: 16_384, bodyBytes: 65_536, headers: 64 } as const;

const emptyLine = Buffer.from('\r\n\r\n');
const frameMark = 0x24;

type Head = { readonly item: Unread<RtspRequest> | Unread<RtspResponse>; readonly length: number };
type Unread<Message> = Omit<Message, 'body'>;

export function createRtspReader(): RtspReader {
  const queue = createByteQueue();
  let head: Head | undefined;
  /** Where the search for the end of a head goes on. */
  let searchedTo = 0;
  const take = (count: number): Buffer => {
    const taken = Buffer.from(queue.view().subarray(0, count));
    queue.drop(count);
    searchedTo = 0;
    return taken;
  };

  /** One item, nothing yet but go on, or more bytes are needed. */
  function step(): RtspItem | 'on' | 'wait' {
    const held = queue.view();
    if (head !== undefined) {
      if (held.length < head.length) return 'wait';
      const { item, length } = head;
      head = undefined;
      return { ...item, body: take(length) };
    }
    const [first, second] = held;
    if (first === undefined) return 'wait';
    if (first === frameMark) {
      const length = held.length < 4 ? undefined : 4 + held.readUInt16BE(2);
      if (length === undefined || held.length < length) return 'wait';
      return { kind: 'frame', channel: second ?? 0, bytes: take(length) };
    }
    if (first === 0x0d && second === undefined) return 'wait';
    if (first === 0x0d && second === 0x0a) {
      // An empty line before a message is skipped (RFC 9112 section 2.2, as many cameras have it).
      take(2);
      return 'on';
    }
    if (!isLetter(first)) throw invalid('it is neither a message nor a frame');
    const end = held.indexOf(emptyLine, searchedTo);
    if (end > rtspLimits.headBytes || (end < 0 && held.length > rtspLimits.headBytes))
      throw invalid('the head of a message is too long');
    if (end < 0) {
      searchedTo = Math.max(0, held.length - 3);
      return 'wait';
    }
    head = readHead(take(end + emptyLine.length).toString('latin1', 0, end));
    return 'on';
  }

  return {
    push(bytes) {
      queue.add(bytes);
      const items: RtspItem[] = [];
      for (let found = step(); found !== 'wait'; found = step()) if (found !== 'on') items.push(found);
      return items;
    },
  };
}

function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  if (lines.length > rtspLimits.headers) throw invalid('a message has too many headers');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, written] = /^([!#$%&'*+.^_`|~\w-]{1,64})[ \t]*:([^\u0000-\u0008\n-\u001f\u007f]*)$/.exec(line) ?? [];
    if (name === undefined || written === undefined) throw invalid('a header is none');
    // Cut apart from the pattern: spaces that two parts of it may take are tried in every way.
    const value = written.trim();
    const values = headers.get(name.toLowerCase());
    if (values === undefined) headers.set(name.toLowerCase(), [value]);
    else values.push(value);
  }
  const lengths = new Set(headers.get('content-length') ?? ['0']);
  const [length = ''] = lengths;
  if (lengths.size !== 1 || !/^\d{1,9}$/.test(length)) throw invalid('the length of a body is none');
  if (Number(length) > rtspLimits.bodyBytes) throw invalid('the body of a message is too long');
  const status = /^RTSP\/\d\.\d ([1-9]\d\d)(?: |$)/.exec(first)?.[1];
  if (status !== undefined)
    return { item: { kind: 'response', status: Number(status), headers }, length: Number(length) };
  const [, method, uri] = /^([A-Z_]{1,32}) ([\u0021-\u007e]{1,4096}) RTSP\/\d\.\d$/.exec(first) ?? [];
  if (method === undefined || uri === undefined) throw invalid('it is neither a request nor a response');
  return { item: { kind: 'request', method, uri, headers }, length: Number(length) };
}

/** A head as it goes over the wire; `values` hold no line ends. */
export function writeMessage(first: string, values: Readonly<Record<string, string | undefined>>, body = ''): Buffer {
  const lines = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const text = [first, ...lines, ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`])];
  if (text.some((line) => /[\r\n]/.test(line))) throw invalid('a header would hold a line end');
  return Buffer.from(`${text.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

function invalid(why: string): CameraWatchError {
  return new CameraWatchError('camera_input_failed', `the camera sent what cannot be read: ${why}`);
}
