import type { Duplex } from 'node:stream';
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { CodedError, codeOf, messageOf } from './errors.ts';
import { createFrameReader, encodeFrame, frameKind } from './frame-format.ts';

/** What a frame carries: a small JSON head and, beside it, bytes that are never copied through JSON. */
export type FrameBody = { readonly head: JsonObject; readonly payload?: Uint8Array };

/** Answers calls by method name. What a handler throws reaches the caller as its code and message. */
export type FrameHandlers = Readonly<Record<string, (request: FrameBody) => Promise<FrameBody> | FrameBody>>;

/** One end of a connection between two of our own processes. Both ends may call and answer. */
export type FramePeer = {
  /** Rejects with a `CodedError`: the remote code, `frame_too_large`, or `peer_gone` when the connection ends first (the call may or may not have been carried out). */
  call(method: string, request: FrameBody, options?: { signal?: AbortSignal }): Promise<FrameBody>;
  notify(method: string, body: FrameBody): void;
  on(method: string, listener: (body: FrameBody) => void): void;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  close(): void;
};

type Waiting = { resolve(body: FrameBody): void; reject(error: Error): void };

const defaultMaxFrameBytes = 64 * 1024 * 1024;

/**
 * Speaks frames over a duplex stream. The other end is trusted to be our own program, not to be correct:
 * a malformed or oversized frame ends the connection, and every waiting call is rejected.
 */
export function createFramePeer(
  stream: Duplex,
  handlers: FrameHandlers,
  limits: { maxFrameBytes?: number } = {},
): FramePeer {
  const maxFrameBytes = limits.maxFrameBytes ?? defaultMaxFrameBytes;
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, (body: FrameBody) => void>();
  let nextId = 1;
  let open = true;
  const { promise: closed, resolve: markClosed } = Promise.withResolvers<void>();

  const end = (): void => {
    if (!open) return;
    open = false;
    stream.destroy();
    for (const call of waiting.values()) call.reject(gone());
    waiting.clear();
    markClosed();
  };

  /** Throws `frame_too_large` rather than have the other end drop the connection, and with it every other call. */
  const send = (kind: number, id: number, head: JsonObject, payload?: Uint8Array): void => {
    if (!open) return;
    const parts = encodeFrame({ kind, id, head, payload });
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > maxFrameBytes) {
      throw new CodedError(
        'frame_too_large',
        `Cannot send frame: size is ${bytes} bytes, must be at most ${maxFrameBytes}`,
      );
    }
    stream.cork();
    for (const part of parts) stream.write(part);
    stream.uncork();
  };

  const answer = async (id: number, method: string, body: FrameBody): Promise<void> => {
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      if (handler === undefined) throw new CodedError('method_unknown', `Cannot answer "${method}": no such method`);
      const reply = await handler(body);
      send(frameKind.reply, id, reply.head, reply.payload);
    } catch (error) {
      const { details = {}, hint = null } = error instanceof CodedError ? error : {};
      send(frameKind.failure, id, { code: codeOf(error) ?? 'internal', message: messageOf(error), details, hint });
    }
  };

  const reader = createFrameReader(maxFrameBytes, (frame) => {
    const body: FrameBody = { head: frame.head, payload: frame.payload };
    switch (frame.kind) {
      case frameKind.call:
        void answer(frame.id, textOf(frame.head['~method']), body);
        return;
      case frameKind.notice:
        listeners.get(textOf(frame.head['~method']))?.(body);
        return;
      case frameKind.reply:
        waiting.get(frame.id)?.resolve(body);
        break;
      default:
        waiting.get(frame.id)?.reject(remoteError(frame.head));
    }
    waiting.delete(frame.id);
  });

  stream.on('data', (chunk: Buffer) => {
    try {
      reader(chunk);
    } catch {
      end();
    }
  });
  stream.on('error', end);
  stream.on('end', end);
  stream.on('close', end);

  return {
    call(method, request, options = {}) {
      if (!open) return Promise.reject(gone());
      const { signal } = options;
      if (signal?.aborted === true) return Promise.reject(aborted(signal));
      const id = nextId;
      nextId = nextId >= 0xffffffff ? 1 : nextId + 1;
      const { promise, resolve, reject } = Promise.withResolvers<FrameBody>();
      const onAbort = (): void => {
        waiting.delete(id);
        if (signal !== undefined) reject(aborted(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const release = (): void => signal?.removeEventListener('abort', onAbort);
      waiting.set(id, {
        resolve: (body) => {
          release();
          resolve(body);
        },
        reject: (error) => {
          release();
          reject(error);
        },
      });
      try {
        send(frameKind.call, id, { ...request.head, '~method': method }, request.payload);
      } catch (error) {
        waiting.get(id)?.reject(error instanceof Error ? error : new Error(String(error)));
        waiting.delete(id);
      }
      return promise;
    },
    notify: (method, body) => send(frameKind.notice, 0, { ...body.head, '~method': method }, body.payload),
    on: (method, listener) => {
      listeners.set(method, listener);
    },
    closed,
    close: end,
  };
}

function gone(): CodedError {
  return new CodedError('peer_gone', 'Cannot finish the call: the other process ended');
}

function aborted(signal: AbortSignal): Error {
  return new CodedError('aborted', 'Call given up', { cause: signal.reason });
}

function remoteError(head: JsonObject): CodedError {
  const { details, hint } = head;
  return new CodedError(textOf(head['code']), textOf(head['message']), {
    ...(isJsonObject(details) ? { details } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
  });
}
