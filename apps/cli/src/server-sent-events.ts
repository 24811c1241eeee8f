/** One message of a `text/event-stream`. */
export type ServerSentEvent = { readonly event: string; readonly data: string; readonly lastEventId: string };

const maxMessageCharacters = 4 * 1024 * 1024;

/**
 * The messages of a stream of server-sent events, as WHATWG HTML section 9.2.6 interprets them. Comments (heartbeats)
 * are passed over; an unfinished message at the end is dropped. Throws `RangeError` for a message over 4 MiB.
 */
export async function* readServerSentEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  /** The line that is not complete yet, in the pieces it came in: joined once, however many they are. */
  let pieces: string[] = [];
  let pieceCharacters = 0;
  let data: string[] = [];
  let event = '';
  let lastEventId = '';
  let size = 0;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    pieces.push(text);
    pieceCharacters += text.length;
    if (pieceCharacters + size > maxMessageCharacters) throw new RangeError('A server-sent event is larger than 4 MiB');
    // A CR that ended the piece before may have been the end of a line.
    if (!/[\r\n]/.test(text) && pieces.at(-2)?.endsWith('\r') !== true) continue;
    const whole = pieces.join('');
    // A CR at the very end may be the first half of CRLF.
    const complete = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    const lines = complete.split(/\r\n|\r|\n/);
    const rest = (lines.pop() ?? '') + whole.slice(complete.length);
    pieces = [rest];
    pieceCharacters = rest.length;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n'), lastEventId };
        data = [];
        event = '';
        size = 0;
        continue;
      }
      size += line.length;
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'data') data.push(value);
      else if (name === 'event') event = value;
      else if (name === 'id' && !value.includes('\0')) lastEventId = value;
    }
  }
}
