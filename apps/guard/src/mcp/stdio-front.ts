import type { Readable, Writable } from 'node:stream';
import { wireOf } from './json-rpc.ts';
import type { RpcMessage } from './json-rpc.ts';
import { createLineReader } from './line-reader.ts';
import type { Relay } from './relay.ts';

/** Answers that the client has not read yet; more, and it has stopped reading. */
const maxUnread = 64 * 1024 * 1024;

/** A client at our standard input and output. Resolves when either side is gone: with the reason, when it was the server's. */
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
  let end: (reason: string | undefined) => void = () => undefined;
  const over = new Promise<string | undefined>((resolve) => {
    end = resolve;
  });
  const relay = open({
    toClient(message) {
      if (output.writableLength > maxUnread) end('the client does not read its answers');
      else output.write(`${wireOf(message)}\n`);
    },
    closed: end,
  });
  output.on('error', () => end(undefined));
  signal.addEventListener('abort', () => end(undefined), { once: true });
  await relay.open();
  const reader = createLineReader({ maxBytes: maxRequestBytes, onMessage: (message) => relay.fromClient(message) });
  input.on('data', (chunk: Buffer) => reader.push(chunk));
  input.on('end', () => {
    reader.end();
    end(undefined);
  });
  input.on('error', () => end(undefined));
  const reason = await over;
  // What was asked before the server fell is answered.
  if (reason !== undefined) await relay.settled();
  await relay.close();
  return reason;
}
