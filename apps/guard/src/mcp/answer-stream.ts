import type { ServerResponse } from 'node:http';
import type { EventSink } from './event-stream.ts';
import { bodyOf, type RpcMessage } from './json-rpc.ts';

// Answers over HTTP as streams of events, to clients that may read slowly, or not at all.

/** Between two signs of life on a stream; for the last of an answer, once all of it was said. */
export type Patience = { readonly aliveMs: number; readonly lastMs: number };

/** After a connection broke. */
const againMs = 1000;
const maxUnread = 16 * 1024 * 1024;

/** Who does not read cannot hold an answer for ever, nor end the gateway by an answer that fails. */
export function outlive(response: ServerResponse, waitMs: number): void {
  response.on('error', () => undefined);
  response.on('prefinish', () => {
    const late = setTimeout(() => response.destroy(), waitMs).unref();
    response.on('close', () => clearTimeout(late));
  });
}

/** An answer as the end of a stream that can be taken up again; begun with what is first written to it. */
export function sinkOf(
  response: ServerResponse,
  patience: Patience,
  onGone: (sink: EventSink) => void,
): EventSink & { open(): void } {
  let stream: ReturnType<typeof openStream> | undefined;
  const sink = {
    open(): void {
      if (!response.writableEnded) stream ??= openStream(response, patience);
    },
    write(id: string, message?: RpcMessage): void {
      stream ??= openStream(response, patience);
      stream.write(message, id);
    },
    end(): void {
      if (response.writableEnded) return;
      stream ??= openStream(response, patience);
      response.end();
    },
  };
  response.on('close', () => onGone(sink));
  return sink;
}

/** A stream of events to the client; who does not read is cut off. */
export function openStream(
  response: ServerResponse,
  { aliveMs: everyMs }: Patience,
): { write(message: RpcMessage | undefined, id?: string): void } {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  // Else the client would not know that it listens before somebody speaks.
  response.flushHeaders();
  const alive = setInterval(() => {
    if (response.writableEnded) return;
    if (response.writableLength > maxUnread) response.destroy();
    else response.write(':\n\n');
  }, everyMs);
  response.on('close', () => clearInterval(alive));
  return {
    write(message, id) {
      if (response.destroyed || response.writableEnded) return;
      const mark = id === undefined ? '' : `id: ${id}\n`;
      if (response.writableLength > maxUnread) response.destroy();
      else if (message === undefined) response.write(`${mark}retry: ${againMs}\ndata: \n\n`);
      else response.write(`${mark}event: message\ndata: ${JSON.stringify(bodyOf(message))}\n\n`);
    },
  };
}
