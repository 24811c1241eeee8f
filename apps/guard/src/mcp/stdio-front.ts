import type { Readable, Writable } from 'node:stream';
import { bodyOf, failed, refusalBody, rpcCodes } from './json-rpc.ts';
import type { ReadMessage, RpcMessage, RpcRequest } from './json-rpc.ts';
import { createLineReader } from './line-reader.ts';
import { createModernFront, type ModernFront } from './modern-front.ts';
import { versionIn } from './modern-headers.ts';
import type { Relay } from './relay.ts';

/** Answers that the client has not read yet; more, and it has stopped reading. */
const maxUnread = 64 * 1024 * 1024;
const maxWaiting = 64;

/**
 * A client at our standard input and output, of the era of its first message. Resolves when either side is gone: with the reason, when it
 * was the server's. Rejects when the server cannot be started.
 */
export async function serveStdio({
  input,
  output,
  maxRequestBytes,
  signal,
  open,
}: {
  readonly input: Readable;
  readonly output: Writable;
  readonly maxRequestBytes: number;
  /** Somebody ends the gateway. */
  readonly signal: AbortSignal;
  readonly open: (front: {
    readonly toClient: (message: RpcMessage) => void;
    readonly closed: (reason: string) => void;
  }) => Relay;
}): Promise<string | undefined> {
  const over = ending();
  const write = (body: object): void => {
    if (output.writableLength > maxUnread) over.resolve('the client does not read its answers');
    else output.write(`${JSON.stringify(body)}\n`);
  };
  const toClient = (message: RpcMessage): void => write(bodyOf(message));
  let served: { readonly relay: Relay } | { readonly modern: ReturnType<typeof modernOf> } | undefined;

  /** Messages are held until the server is there; their order stays. */
  let ready: Promise<void> = Promise.resolve();
  function heard(message: ReadMessage): void {
    if (served === undefined) {
      if (message.kind === 'refused') {
        write(refusalBody(message));
        return;
      }
      if (message.kind !== 'response' && versionIn(message.params) !== undefined)
        served = { modern: modernOf({ open, toClient, closed: over.resolve }) };
      else {
        const relay = open({ toClient, closed: over.resolve });
        served = { relay };
        ready = relay.open();
        ready.catch(over.reject);
      }
    }
    const now = served;
    if ('modern' in now) now.modern.heard(message);
    else ready.then(() => now.relay.fromClient(message)).catch(() => undefined);
  }

  output.on('error', () => over.resolve(undefined));
  signal.addEventListener('abort', () => over.resolve(undefined), { once: true });
  const reader = createLineReader({ maxBytes: maxRequestBytes, onMessage: heard });
  input.on('data', (chunk: Buffer) => reader.push(chunk));
  input.on('end', () => {
    reader.end();
    over.resolve(undefined);
  });
  input.on('error', () => over.resolve(undefined));
  const reason = await over.promise;
  if (served !== undefined && 'relay' in served) {
    // What was asked before the server fell is answered.
    if (reason !== undefined) await served.relay.settled();
    await served.relay.close();
  }
  if (served !== undefined && 'modern' in served) await served.modern.close();
  return reason;
}

/** How it ends, by whatever happens first. */
function ending(): {
  readonly promise: Promise<string | undefined>;
  readonly resolve: (reason: string | undefined) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: (reason: string | undefined) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<string | undefined>((keep, refuse) => {
    resolve = keep;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** Requests of 2026-07-28 over lines: many at once on one way, taken back by a notification. */
function modernOf({
  open,
  toClient,
  closed,
}: {
  readonly open: (front: {
    readonly toClient: (message: RpcMessage) => void;
    readonly closed: (reason: string) => void;
  }) => Relay;
  readonly toClient: (message: RpcMessage) => void;
  readonly closed: (reason: string) => void;
}): { heard(message: ReadMessage): void; close(): Promise<void> } {
  const front: ModernFront = createModernFront({ open, closed });
  const waiting = new Map<string, AbortController>();

  async function answer(request: RpcRequest): Promise<void> {
    const key = JSON.stringify(request.id);
    const send = (outcome: Awaited<ReturnType<ModernFront['ask']>>): void =>
      toClient({ kind: 'response', id: request.id, outcome });
    if (waiting.has(key) || waiting.size >= maxWaiting) {
      send(failed(rpcCodes.invalidRequest, 'This id waits for its answer already, or too many do'));
      return;
    }
    const over = new AbortController();
    waiting.set(key, over);
    try {
      const outcome = await front.ask(request, { signal: over.signal, notify: toClient });
      if (!over.signal.aborted) send(outcome);
    } catch (error) {
      send(failed(rpcCodes.internal, `Sallyport: ${error instanceof Error ? error.message : String(error)}`));
    } finally {
      waiting.delete(key);
    }
  }

  return {
    heard(message) {
      if (message.kind === 'request') void answer(message);
      else if (message.kind === 'notification' && message.method === 'notifications/cancelled')
        waiting.get(JSON.stringify(message.params['requestId'] ?? null))?.abort();
      else if (message.kind === 'refused' && message.id !== undefined && !waiting.has(JSON.stringify(message.id)))
        toClient({ kind: 'response', id: message.id, outcome: failed(message.code, message.reason) });
    },
    async close() {
      for (const over of waiting.values()) over.abort();
      await front.close();
    },
  };
}
