import { Buffer } from 'node:buffer';
import { readCountedHeader } from './counted-header.ts';
import { createMessageBuffer } from './message-buffer.ts';

export type SyslogFraming = 'octet_counting' | 'non_transparent';

/** One message of a connection. */
export type SyslogFrame = {
  /** Without header and trailer. May be a view of the chunk it came in: copy it before the chunk is used again. */
  readonly bytes: Uint8Array;
  /** Bytes of this message that were over the limit and are gone. 0: the message is whole. */
  readonly droppedBytes: number;
  /** `complete`; `out_of_step`: bytes found where a frame had to begin; `cut_off`: the connection ended in it. */
  readonly state: 'complete' | 'out_of_step' | 'cut_off';
};

export type SyslogFramerOptions = {
  readonly maxMessageBytes?: number;
  /** `auto` (the default): the first message of the connection decides. */
  readonly framing?: SyslogFraming | 'auto';
  /** What ends a non-transparent frame. `either` by default; `nul` lets messages hold line feeds. */
  readonly trailer?: 'line_feed' | 'nul' | 'either';
  /** A line that does not begin with `<` belongs to the one before it. Then the last message waits for `flush`. */
  readonly multiLine?: boolean;
};

export type SyslogFramer = {
  /** The frames that this chunk completes, in order. */
  push(chunk: Uint8Array): SyslogFrame[];
  /** With `multiLine`: gives the message that waits for its continuation, when no more is coming soon. */
  flush(): SyslogFrame[];
  /** The connection has ended: gives what is left. The framer then begins anew. */
  end(): SyslogFrame[];
  framing(): SyslogFraming | 'undecided';
  /** Bytes held between calls: at most the maximal message and a header. */
  heldBytes(): number;
};

const lineFeed = 10;
const less = 60;

/**
 * Cuts a TCP or TLS stream into syslog messages, RFC 6587 and RFC 5425: octet counting, or a trailer of LF, CR LF or NUL.
 * What decides is the first message; later ones cannot change it, so a text inside a line-framed stream never swallows
 * what follows. When a count does not lead to the next frame, the bytes up to the next plausible one are given as
 * `out_of_step`. Nothing is dropped but what is over `maxMessageBytes`, and that is counted. Time and memory are linear
 * in what comes in and bounded by the limit.
 */
export function createSyslogFramer(options: SyslogFramerOptions = {}): SyslogFramer {
  const maxMessageBytes = options.maxMessageBytes ?? 65_536;
  const trailer = options.trailer ?? 'either';
  const multiLine = options.multiLine ?? false;
  const configured = options.framing ?? 'auto';
  if (!(maxMessageBytes >= 1)) throw new TypeError(`maxMessageBytes is ${maxMessageBytes}, must be at least 1`);
  let framing: SyslogFraming | 'undecided' = configured === 'auto' ? 'undecided' : configured;
  const message = createMessageBuffer(maxMessageBytes);
  /** Octet counting: bytes of the current message that have not come yet; 0 between messages. */
  let missingBytes = 0;
  let outOfStep = false;
  /** The beginning of a frame header that a chunk cut in two. */
  let headerStart = new Uint8Array(0);
  /** `multiLine`: a line feed was seen, and the next byte decides whether it ended the message. */
  let lineEnded = false;
  /** Within one chunk: the next line feed, or its length when there is none. */
  let nextFeed = -1;

  function release(frames: SyslogFrame[], state: SyslogFrame['state'], isLine: boolean): void {
    const { bytes: taken, droppedBytes } = message.take();
    const bytes = isLine && droppedBytes === 0 && taken.at(-1) === 13 ? taken.subarray(0, -1) : taken;
    if (bytes.length > 0 || droppedBytes > 0) frames.push({ bytes, droppedBytes, state });
  }

  /** Where the current line ends. The search for line feeds goes on from the last one, so NULs cannot make it repeat. */
  function trailerIn(chunk: Buffer, from: number): number {
    if (trailer === 'nul') return chunk.indexOf(0, from);
    if (nextFeed < from) {
      const found = chunk.indexOf(lineFeed, from);
      nextFeed = found === -1 ? chunk.length : found;
    }
    const feed = nextFeed === chunk.length ? -1 : nextFeed;
    if (trailer === 'line_feed') return feed;
    const nul = chunk.subarray(from, nextFeed).indexOf(0);
    return nul === -1 ? feed : from + nul;
  }

  function takeLine(chunk: Buffer, from: number, frames: SyslogFrame[]): number {
    if (lineEnded) {
      lineEnded = false;
      if (chunk[from] === less) release(frames, 'complete', true);
      else message.add(Uint8Array.of(lineFeed));
    }
    const end = trailerIn(chunk, from);
    message.add(chunk.subarray(from, end === -1 ? chunk.length : end));
    if (end === -1) return chunk.length;
    if (multiLine && chunk[end] === lineFeed && message.length() > 0) lineEnded = true;
    else release(frames, 'complete', true);
    return end + 1;
  }

  function takeCounted(chunk: Buffer, from: number, frames: SyslogFrame[]): number {
    if (missingBytes > 0) {
      const end = Math.min(chunk.length, from + missingBytes);
      message.add(chunk.subarray(from, end));
      missingBytes -= end - from;
      if (missingBytes === 0) release(frames, 'complete', false);
      return end;
    }
    const header = readCountedHeader(chunk, from);
    switch (header.kind) {
      case 'partial':
        headerStart = Uint8Array.from(chunk.subarray(from));
        return chunk.length;
      case 'header':
        if (outOfStep) release(frames, 'out_of_step', true);
        outOfStep = false;
        missingBytes = header.bytes;
        return header.end;
      case 'none': {
        // Some senders count and still add a line end: that alone is no message.
        const byte = chunk[from];
        const isBetween = byte === lineFeed || byte === 13 || byte === 0;
        if (isBetween && outOfStep) release(frames, 'out_of_step', true);
        if (isBetween) {
          outOfStep = false;
          return from + 1;
        }
        outOfStep = true;
        const end = endOfStray(chunk, from + 1);
        message.add(chunk.subarray(from, end));
        return end;
      }
    }
  }

  function decide(chunk: Buffer, from: number): SyslogFraming | 'undecided' {
    const header = readCountedHeader(chunk, from);
    if (header.kind === 'partial') return 'undecided';
    return header.kind === 'header' ? 'octet_counting' : 'non_transparent';
  }

  function push(bytes: Uint8Array): SyslogFrame[] {
    const frames: SyslogFrame[] = [];
    const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chunk = headerStart.length === 0 ? given : Buffer.concat([headerStart, given]);
    headerStart = new Uint8Array(0);
    let at = 0;
    nextFeed = -1;
    while (at < chunk.length) {
      if (framing === 'undecided') framing = decide(chunk, at);
      if (framing === 'undecided') {
        headerStart = Uint8Array.from(chunk.subarray(at));
        break;
      }
      at = framing === 'octet_counting' ? takeCounted(chunk, at, frames) : takeLine(chunk, at, frames);
    }
    message.own();
    return frames;
  }

  function flush(): SyslogFrame[] {
    const frames: SyslogFrame[] = [];
    if (lineEnded) release(frames, 'complete', true);
    lineEnded = false;
    return frames;
  }

  function end(): SyslogFrame[] {
    const frames = flush();
    const wasCounted = missingBytes > 0 || framing === 'octet_counting';
    message.add(headerStart);
    headerStart = new Uint8Array(0);
    // A last line without its trailer is how most senders of lines hang up.
    release(frames, outOfStep ? 'out_of_step' : wasCounted ? 'cut_off' : 'complete', !wasCounted);
    missingBytes = 0;
    outOfStep = false;
    framing = configured === 'auto' ? 'undecided' : configured;
    return frames;
  }

  return { push, flush, end, framing: () => framing, heldBytes: () => message.length() + headerStart.length };
}

/** Where stray bytes end: at a line end, or where digits might begin a header. */
function endOfStray(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte === lineFeed || byte === 13 || byte === 0) return at;
    // At most eleven bytes are looked at for each digit, so this stays linear.
    if (byte >= 49 && byte <= 57 && readCountedHeader(chunk, at).kind !== 'none') return at;
  }
  return chunk.length;
}
