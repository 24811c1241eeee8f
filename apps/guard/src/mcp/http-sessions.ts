import { textOf } from '@sallyport/contracts';
import { createEventStream, readEventId, type EventSink, type EventStream } from './event-stream.ts';
import type { RpcId, RpcMessage, RpcRequest } from './json-rpc.ts';
import type { Relay } from './relay.ts';

type Send = (message: RpcMessage) => void;

/** A client over streamable HTTP, from its handshake to its end, with a server of its own. */
export type HttpSession = {
  readonly id: string;
  readonly relay: Relay;
  /** What belongs to this question goes to its stream, which ends after the answer. */
  ask(request: RpcRequest, sink: EventSink): void;
  /** What is no question. One that is taken back has no answer: its stream ends. */
  tell(message: Exclude<RpcMessage, RpcRequest>): void;
  /** Where all else goes, until the session ends. False when somebody listens already. */
  listen(sink: EventSink): boolean;
  /** Goes on behind the event that was heard last. False when that is of no stream there is. */
  resume(lastEventId: string, sink: EventSink): boolean;
  /** The connection is gone; what comes on it is kept. */
  unlisten(sink: EventSink): void;
  /** Nobody listens, and nothing waits for its answer. */
  isQuiet(): boolean;
  /** Its streams end with it. */
  end(): Promise<void>;
};

export type HttpSessions = {
  /** Where there are too many the one longest unheard of ends, if it is quiet. Undefined when none is. Rejects when the server cannot be started. */
  begin(): Promise<HttpSession | undefined>;
  find(id: string): HttpSession | undefined;
  end(id: string): Promise<void>;
  close(): Promise<void>;
};

const maxSessions = 16;
const idleMs = 30 * 60_000;
/** Streams that ended and may still be taken up, and their bytes. */
const maxFinished = 32;
const maxFinishedBytes = 8 * 1024 * 1024;

export function createHttpSessions({
  open,
  newId,
}: {
  readonly open: (front: { readonly toClient: Send; readonly closed: (reason: string) => void }) => Relay;
  readonly newId: () => string;
}): HttpSessions {
  const sessions = new Map<string, { readonly session: HttpSession; readonly idle: NodeJS.Timeout }>();
  let opening = 0;

  async function end(id: string): Promise<void> {
    const held = sessions.get(id);
    sessions.delete(id);
    clearTimeout(held?.idle);
    await held?.session.end();
  }
  const idleEnd = (id: string): NodeJS.Timeout => setTimeout(() => void end(id).catch(() => undefined), idleMs).unref();

  return {
    async begin() {
      if (sessions.size + opening >= maxSessions) {
        // Clients that go away seldom say so.
        const quiet = [...sessions.values()].find(({ session }) => session.isQuiet());
        if (quiet === undefined) return undefined;
        await end(quiet.session.id);
      }
      opening += 1;
      try {
        const id = newId();
        const session = sessionOf(id, (toClient) =>
          open({
            toClient,
            // What was asked is answered first; after that nothing is heard of this session.
            closed: () =>
              void session.relay
                .settled()
                .then(() => end(id))
                .catch(() => undefined),
          }),
        );
        await session.relay.open().catch(async (error: unknown) => {
          await session.end();
          throw error;
        });
        sessions.set(id, { session, idle: idleEnd(id) });
        return session;
      } finally {
        opening -= 1;
      }
    },
    find(id) {
      const held = sessions.get(id);
      if (held === undefined) return undefined;
      clearTimeout(held.idle);
      sessions.delete(id);
      sessions.set(id, { session: held.session, idle: idleEnd(id) });
      return held.session;
    },
    end,
    close: async () => void (await Promise.all([...sessions.keys()].map((id) => end(id)))),
  };
}

function sessionOf(id: string, openRelay: (toClient: Send) => Relay): HttpSession {
  type Asked = { readonly stream: EventStream; readonly token: RpcId | undefined; readonly isFirst: boolean };
  const asked = new Map<string, Asked>();
  /** By their names, the oldest first; the first is of what belongs to no question. */
  const streams = new Map<number, EventStream>();
  let opened = 0;
  let isPrimed = false;

  function openStream(): EventStream {
    const stream = createEventStream(opened);
    streams.set(opened, stream);
    opened += 1;
    forgetOldest();
    return stream;
  }

  function forgetOldest(): void {
    const over = [...streams].filter(([, stream]) => stream.isFinished());
    let bytes = over.reduce((sum, [, stream]) => sum + stream.bytes(), 0);
    for (const [at, [name, stream]] of over.entries()) {
      if (over.length - at <= maxFinished && bytes <= maxFinishedBytes) return;
      bytes -= stream.bytes();
      streams.delete(name);
    }
  }

  const general = openStream();
  const relay = openRelay((message) => {
    if (message.kind === 'response') {
      const key = JSON.stringify(message.id);
      const question = asked.get(key);
      asked.delete(key);
      // Events without words would be no JSON to clients of before.
      if (question?.isFirst === true && 'result' in message.outcome)
        isPrimed = textOf(message.outcome.result['protocolVersion']) >= '2025-11-25';
      question?.stream.push(message);
      question?.stream.finish();
      return;
    }
    const token = message.kind === 'notification' ? message.params['progressToken'] : undefined;
    const question = token === undefined ? undefined : [...asked.values()].find((one) => one.token === token);
    (question?.stream ?? general).push(message);
  });
  return {
    id,
    relay,
    ask(request, sink) {
      const key = JSON.stringify(request.id);
      const stream = openStream();
      stream.attach(sink, { isPrimed });
      // The relay says so of an id that waits; its stream would get the answer of the first.
      if (asked.has(key)) {
        stream.push({
          kind: 'response',
          id: request.id,
          outcome: { error: { code: -32600, message: 'This id waits for its answer already' } },
        });
        stream.finish();
        return;
      }
      asked.set(key, { stream, token: tokenOf(request), isFirst: request.method === 'initialize' });
      relay.fromClient(request);
    },
    tell(message) {
      relay.fromClient(message);
      if (message.kind !== 'notification' || message.method !== 'notifications/cancelled') return;
      const key = JSON.stringify(message.params['requestId'] ?? null);
      const question = asked.get(key);
      asked.delete(key);
      question?.stream.finish();
    },
    listen(sink) {
      if (general.isHeard()) return false;
      general.attach(sink, { isPrimed });
      return true;
    },
    resume(lastEventId, sink) {
      const heard = readEventId(lastEventId);
      const stream = heard === undefined ? undefined : streams.get(heard.stream);
      if (heard === undefined || stream === undefined) return false;
      stream.attach(sink, { after: heard.at });
      return true;
    },
    isQuiet: () => asked.size === 0 && !general.isHeard(),
    unlisten(sink) {
      for (const stream of streams.values()) stream.detach(sink);
    },
    async end() {
      await relay.close();
      for (const stream of streams.values()) stream.finish();
      asked.clear();
      streams.clear();
    },
  };
}

function tokenOf({ params }: RpcRequest): RpcId | undefined {
  const meta = params['_meta'];
  const token: unknown = typeof meta === 'object' && meta !== null ? Reflect.get(meta, 'progressToken') : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}
