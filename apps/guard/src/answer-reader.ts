/** What an answer of HTTP says, read wholly. */
export type HttpAnswer = { readonly status: number; readonly body: string };

const maxHeadBytes = 16 * 1024;
const maxLineBytes = 1024;
const maxTrailers = 64;

type State =
  | { readonly kind: 'head' | 'chunk_size' | 'until_close' }
  | { readonly kind: 'body' | 'chunk'; readonly bytesLeft: number }
  | { readonly kind: 'chunk_end' }
  | { readonly kind: 'trailer'; readonly linesLeft: number }
  | { readonly kind: 'done' };

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) from the bytes of a connection, in whatever pieces they come: Node's own client costs a program
 * that lives for one question more than all else it does. Throws at what is no answer, or has more than one meaning: the length given twice
 * or beside chunks, another encoding of the transfer, lines without both of their ends. What follows the answer is not looked at.
 */
export function createAnswerReader({
  maxBytes,
  onInterim,
}: {
  /** Of the body. */
  readonly maxBytes: number;
  /** The server says that it is there, and goes on. */
  readonly onInterim: () => void;
}): {
  /** The answer, once all of it is there. */
  readonly take: (bytes: Buffer) => HttpAnswer | undefined;
  /** The other end has closed. Throws unless that is how the answer ends. */
  readonly end: () => HttpAnswer;
} {
  let state: State = { kind: 'head' };
  let held: Buffer = Buffer.alloc(0);
  let status = 0;
  let bodyBytes = 0;
  const body: Buffer[] = [];

  const answer = (): HttpAnswer => ({ status, body: Buffer.concat(body).toString('utf8') });

  /** As much of the body as is there, at most so much; how much it was. */
  function keep(most: number): number {
    const part = held.subarray(0, most);
    bodyBytes += part.length;
    if (bodyBytes > maxBytes) throw new Error('its answer is too long');
    body.push(part);
    held = held.subarray(part.length);
    return part.length;
  }

  function line(): string | undefined {
    const end = held.indexOf('\r\n');
    if (end > maxLineBytes || (end === -1 && held.length > maxLineBytes)) throw notHttp();
    if (end === -1) return undefined;
    const text = held.toString('latin1', 0, end);
    held = held.subarray(end + 2);
    return text;
  }

  /** Where it goes on; nothing while more must come. */
  function next(): State | undefined {
    switch (state.kind) {
      case 'head': {
        const end = held.indexOf('\r\n\r\n');
        if (end > maxHeadBytes || (end === -1 && held.length > maxHeadBytes)) throw notHttp();
        if (end === -1) return undefined;
        const head = readHead(held.toString('latin1', 0, end));
        held = held.subarray(end + 4);
        if (head.status < 200) {
          onInterim();
          return state;
        }
        ({ status } = head);
        return head.body;
      }
      case 'body':
      case 'chunk': {
        const bytesLeft = state.bytesLeft - keep(state.bytesLeft);
        if (bytesLeft > 0) {
          state = { kind: state.kind, bytesLeft };
          return undefined;
        }
        return { kind: state.kind === 'body' ? 'done' : 'chunk_end' };
      }
      case 'chunk_size': {
        const said = line();
        if (said === undefined) return undefined;
        const size = /^([\da-f]{1,8})[ \t]*(?:;[^\0\r\n]*)?$/i.exec(said)?.[1];
        if (size === undefined) throw notHttp();
        const bytesLeft = Number.parseInt(size, 16);
        return bytesLeft === 0 ? { kind: 'trailer', linesLeft: maxTrailers } : { kind: 'chunk', bytesLeft };
      }
      case 'chunk_end': {
        if (held.length < 2) return undefined;
        if (line() !== '') throw notHttp();
        return { kind: 'chunk_size' };
      }
      case 'trailer': {
        const said = line();
        if (said === undefined) return undefined;
        if (said === '') return { kind: 'done' };
        if (state.linesLeft === 0) throw notHttp();
        return { kind: 'trailer', linesLeft: state.linesLeft - 1 };
      }
      case 'until_close':
        keep(held.length);
        return undefined;
      case 'done':
        return undefined;
    }
  }

  return {
    take(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      for (let after = next(); after !== undefined; after = next()) state = after;
      return state.kind === 'done' ? answer() : undefined;
    },
    end() {
      if (state.kind === 'done' || state.kind === 'until_close') return answer();
      throw new Error('it closed the connection before its answer was there');
    },
  };
}

/** The status, and how the body is told from what follows it (RFC 9112, section 6.3). */
function readHead(text: string): { readonly status: number; readonly body: State } {
  const [first = '', ...fields] = text.split('\r\n');
  const [, minor, said = ''] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\0\r\n]*)?$/.exec(first) ?? [];
  const status = Number(said);
  // It was not asked to speak anything else.
  if (minor === undefined || status === 101) throw notHttp();
  const lengths: string[] = [];
  const encodings: string[] = [];
  for (const field of fields) {
    const [, name = '', value] = /^([\w!#$%&'*+.^`|~-]+):([^\0\r\n]*)$/.exec(field) ?? [];
    if (value === undefined) throw notHttp();
    if (name.toLowerCase() === 'content-length') lengths.push(value.trim());
    if (name.toLowerCase() === 'transfer-encoding') encodings.push(value.trim().toLowerCase());
  }
  if (status < 200 || status === 204 || status === 304) return { status, body: { kind: 'done' } };
  const [length] = lengths;
  if (encodings.length > 0) {
    if (lengths.length > 0 || minor === '0' || encodings.join() !== 'chunked') throw notHttp();
    return { status, body: { kind: 'chunk_size' } };
  }
  if (length === undefined) return { status, body: { kind: 'until_close' } };
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) throw notHttp();
  return { status, body: Number(length) === 0 ? { kind: 'done' } : { kind: 'body', bytesLeft: Number(length) } };
}

function notHttp(): Error {
  return new Error('what it answers is no HTTP');
}
