/**
 * Events of a stream of server-sent events (WHATWG HTML, 9.2): their data, and where to go on from should the stream break. Holds at most `maxBytes` of one event; a longer one is
 * told once and left out.
 */
export function createSseReader({
  maxBytes,
  onData,
  onTooLong,
}: {
  readonly maxBytes: number;
  readonly onData: (data: string) => void;
  readonly onTooLong: () => void;
}): {
  push(chunk: Buffer): void;
  /** Of the last event that was whole. */
  lastId(): string | undefined;
  /** What the server asks to wait before it is asked again. */
  retryMs(): number | undefined;
} {
  const decoder = new TextDecoder('utf-8');
  let line = '';
  let data: string[] = [];
  let id: string | undefined;
  let lastId: string | undefined;
  let retryMs: number | undefined;
  let size = 0;
  let isTooLong = false;
  /** A line that ended with CR: an LF behind it belongs to it. */
  let wasReturn = false;

  function finishLine(): void {
    if (line === '') {
      lastId = id;
      if (isTooLong) onTooLong();
      else if (data.length > 0) onData(data.join('\n'));
      data = [];
      size = 0;
      isTooLong = false;
      return;
    }
    // Names of events are of no use here; a comment is a sign of life.
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
    else if (line === 'data') data.push('');
    else if (idLine.test(line)) id = line.slice(line[3] === ' ' ? 4 : 3);
    else if (/^retry: ?\d{1,8}$/.test(line)) retryMs = Number(line.slice(6));
    line = '';
  }

  function add(text: string): void {
    size += text.length;
    if (size > maxBytes) isTooLong = true;
    if (isTooLong) {
      // Like a comment: enough to tell it from the empty line that ends the event.
      line = ':';
      data = [];
    } else line += text;
  }

  return {
    lastId: () => lastId,
    retryMs: () => retryMs,
    push(chunk) {
      let text = decoder.decode(chunk, { stream: true });
      if (wasReturn && text.startsWith('\n')) text = text.slice(1);
      wasReturn = text.endsWith('\r');
      const parts = text.split(/\r\n|\r|\n/);
      parts.forEach((part, at) => {
        if (part !== '') add(part);
        if (at < parts.length - 1) finishLine();
      });
    },
  };
}

/** Sent back in a header: what could not stand in one is none. */
const idLine = /^id: ?[\x21-\x7e]{1,512}$/;
