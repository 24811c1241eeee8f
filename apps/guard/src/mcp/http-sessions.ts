import type { RpcId, RpcMessage, RpcRequest } from './json-rpc.ts';
import type { Relay } from './relay.ts';

type Send = (message: RpcMessage) => void;

/** A client over streamable HTTP, from its handshake to its end, with a server of its own. */
export type HttpSession = {
  readonly id: string;
  readonly relay: Relay;
  /** What belongs to this question goes to its stream; `done` after its answer. */
  ask(request: RpcRequest, send: Send, done: () => void): void;
  /** What is no question. One that is taken back has no answer: its stream ends. */
  tell(message: Exclude<RpcMessage, RpcRequest>): void;
  /** Where all else goes; `done` when the session ends. False when somebody listens already. */
  listen(send: Send, done: () => void): boolean;
  unlisten(send: Send): void;
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
/** Messages for a stream that is not there. */
const maxHeld = 100;

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
  const asked = new Map<
    string,
    { readonly send: Send; readonly done: () => void; readonly token: RpcId | undefined }
  >();
  let listener: { readonly send: Send; readonly done: () => void } | undefined;
  let held: RpcMessage[] = [];
  const relay = openRelay((message) => {
    if (message.kind === 'response') {
      const key = JSON.stringify(message.id);
      const question = asked.get(key);
      asked.delete(key);
      question?.send(message);
      question?.done();
      return;
    }
    const token = message.kind === 'notification' ? message.params['progressToken'] : undefined;
    const question = token === undefined ? undefined : [...asked.values()].find((one) => one.token === token);
    if (question !== undefined) question.send(message);
    else if (listener !== undefined) listener.send(message);
    else held = [...held, message].slice(-maxHeld);
  });
  return {
    id,
    relay,
    ask(request, send, done) {
      const key = JSON.stringify(request.id);
      // The relay says so of an id that waits; its stream would get the answer of the first.
      if (asked.has(key)) {
        send({
          kind: 'response',
          id: request.id,
          outcome: { error: { code: -32600, message: 'This id waits for its answer already' } },
        });
        done();
        return;
      }
      asked.set(key, { send, done, token: tokenOf(request) });
      relay.fromClient(request);
    },
    tell(message) {
      relay.fromClient(message);
      if (message.kind !== 'notification' || message.method !== 'notifications/cancelled') return;
      const key = JSON.stringify(message.params['requestId'] ?? null);
      const question = asked.get(key);
      asked.delete(key);
      question?.done();
    },
    listen(send, done) {
      if (listener !== undefined) return false;
      listener = { send, done };
      for (const message of held.splice(0)) send(message);
      return true;
    },
    isQuiet: () => asked.size === 0 && listener === undefined,
    unlisten(send) {
      if (listener?.send === send) listener = undefined;
    },
    async end() {
      await relay.close();
      for (const { done } of asked.values()) done();
      asked.clear();
      listener?.done();
      listener = undefined;
    },
  };
}

function tokenOf({ params }: RpcRequest): RpcId | undefined {
  const meta = params['_meta'];
  const token: unknown = typeof meta === 'object' && meta !== null ? Reflect.get(meta, 'progressToken') : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}
