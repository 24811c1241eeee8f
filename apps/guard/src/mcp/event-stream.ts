import type { RpcMessage } from './json-rpc.ts';

/** Where the events of a stream go: an answer over HTTP that is open. */
export type EventSink = {
  /** Without a message: an event that only says where to go on from. */
  write(id: string, message?: RpcMessage): void;
  end(): void;
};

/**
 * What is said to a client on one stream, kept for when the connection breaks: the client names the last event it had and hears the rest
 * (streamable HTTP, "Resumability and Redelivery"). Holds at most `maxEvents` and `maxBytes`; the oldest go first, the answer comes last.
 */
export type EventStream = {
  push(message: RpcMessage): void;
  /** Nothing more will come. */
  finish(): void;
  /** Takes the place of who listened before. What comes after `after` is said again; left out, what nobody was there for. */
  attach(sink: EventSink, how?: { readonly after?: number; readonly isPrimed?: boolean }): void;
  detach(sink: EventSink): void;
  isHeard(): boolean;
  isFinished(): boolean;
  /** Of what is kept. */
  bytes(): number;
};

const maxEvents = 200;
const maxBytes = 4 * 1024 * 1024;

/** `name`: of this stream among those of its session. */
export function createEventStream(name: number): EventStream {
  const kept: { readonly at: number; readonly message: RpcMessage; readonly bytes: number }[] = [];
  let bytes = 0;
  let last = 0;
  /** The last that was said while somebody listened. */
  let said = 0;
  let isOver = false;
  let sink: EventSink | undefined;

  return {
    push(message) {
      last += 1;
      const one = { at: last, message, bytes: JSON.stringify(message).length };
      kept.push(one);
      bytes += one.bytes;
      while (kept.length > 1 && (kept.length > maxEvents || bytes > maxBytes)) bytes -= kept.shift()?.bytes ?? 0;
      if (sink === undefined) return;
      said = last;
      sink.write(eventId(name, last), message);
    },
    finish() {
      isOver = true;
      sink?.end();
      sink = undefined;
    },
    attach(now, { after = said, isPrimed = false } = {}) {
      sink?.end();
      sink = now;
      if (isPrimed) now.write(eventId(name, after));
      for (const { at, message } of kept) if (at > after) now.write(eventId(name, at), message);
      said = Math.max(said, last);
      if (!isOver) return;
      now.end();
      sink = undefined;
    },
    detach(gone) {
      if (sink === gone) sink = undefined;
    },
    isHeard: () => sink !== undefined,
    isFinished: () => isOver,
    bytes: () => bytes,
  };
}

function eventId(stream: number, at: number): string {
  return `${stream}.${at}`;
}

/** What a client says it heard last; undefined for what no stream of ours gave. */
export function readEventId(text: string): { readonly stream: number; readonly at: number } | undefined {
  const read = /^(?<stream>\d{1,12})\.(?<at>\d{1,12})$/.exec(text)?.groups;
  return read === undefined ? undefined : { stream: Number(read['stream']), at: Number(read['at']) };
}
