/** One message of a `text/event-stream`. */
export type ServerSentEvent = { readonly event: string; readonly data: string; readonly lastEventId: string };

const maxMessageCharacters = 4 * 1024 * 1024;

/**
 * The messages of a stream of server-sent events, as WHATWG HTML section 9.2.6 interprets them. Comments (heartbeats)
 * are passed over; an unfinished message at the end is dropped. Throws `RangeError` for a message over 4 MiB.
 */
export async function* readServerSentEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  let event = '';
  let lastEventId = '';
  let size = 0;
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length + size > maxMessageCharacters) throw new RangeError('A server-sent event is larger than 4 MiB');
    // A CR at the very end may be the first half of CRLF.
    const complete = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
    const lines = complete.split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? '') + rest.slice(complete.length);
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
