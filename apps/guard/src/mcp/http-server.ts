import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { withCredential } from './authorized-ask.ts';
import { explainRefusal } from './explain-refusal.ts';
import { createHttpAsk, textOfAnswer } from './http-ask.ts';
import { bodyOf, failed, readMessage, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcMessage } from './json-rpc.ts';
import { modernHeaders } from './modern-headers.ts';
import { errorOf, readOn, type Ended } from './resumed-stream.ts';
import type { Credential } from './sign-in/credential.ts';
import { createSseReader } from './sse-reader.ts';
import { withDigest } from './tool-server.ts';
import type { ToolServer, ToolServerListener } from './tool-server.ts';

const acceptsBoth = 'application/json, text/event-stream';
const maxSessionId = 1024;
/** Between two tries to hear what the server says by itself. */
const retryMs = [1000, 2000, 5000, 15_000, 60_000] as const;
const byeMs = 2000;
/** For the server to take what wants no answer. */
const takeMs = 60_000;
/**
 * A remote MCP server: streamable HTTP of 2025-03-26 to 2025-11-25, and of 2026-07-28 for messages that name that version. A stream that
 * breaks is taken up again behind its last event, where the server gives events names; what was asked on another has no answer.
 */
export function createHttpServer({
  url,
  credential,
  maxAnswerBytes,
  say,
}: {
  readonly url: URL;
  /** Sent to `url` alone. */
  readonly credential?: Credential;
  readonly maxAnswerBytes: number;
  readonly say: (line: string) => void;
}): ToolServer {
  const ask = createHttpAsk(url);
  const sendAuthorized = withCredential(ask, credential);
  const over = new AbortController();
  /** Questions on their way, by their ids. */
  const onTheWay = new Map<RpcId, AbortController>();
  let listener: ToolServerListener | undefined;
  let sessionId: string | undefined;
  let version: string | undefined;
  let isListening = false;

  function gone(reason: string): void {
    const told = listener;
    listener = undefined;
    over.abort();
    told?.closed(reason);
  }

  function headers(message?: RpcMessage): Record<string, string> {
    const modern = message === undefined ? undefined : modernHeaders(message);
    return {
      accept: acceptsBoth,
      ...(modern ?? {
        ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
        ...(version === undefined ? {} : { 'mcp-protocol-version': version }),
      }),
    };
  }

  /** Never rejects: gives what broke it, and where it can be gone on from. */
  async function readStream(answer: IncomingMessage): Promise<Ended> {
    let isEmpty = true;
    const reader = createSseReader({
      maxBytes: maxAnswerBytes,
      onData(data) {
        isEmpty &&= data === '';
        heard(data);
      },
      onTooLong: () =>
        listener?.message({
          kind: 'refused',
          code: rpcCodes.invalidRequest,
          reason: `longer than ${maxAnswerBytes} bytes`,
        }),
    });
    const chunks: AsyncIterable<Buffer> = answer;
    let broke: Error | undefined;
    try {
      for await (const chunk of chunks) reader.push(chunk);
    } catch (error) {
      broke = errorOf(error);
    }
    return {
      broke,
      isEmpty,
      lastId: reader.lastId(),
      retryMs: reader.retryMs(),
    };
  }

  /** Undefined where the server does not do that. */
  async function takeUp(lastId: string, signal: AbortSignal): Promise<Ended | undefined> {
    const { answer } = await sendAuthorized({
      method: 'GET',
      headers: () => ({ ...headers(), accept: 'text/event-stream', 'last-event-id': lastId }),
      signal,
    });
    const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
    if (answer.statusCode === 200 && isStream) return readStream(answer);
    answer.destroy();
    return undefined;
  }

  function heard(text: string): void {
    // A first event without data belongs to taking up streams again.
    if (text === '') return;
    const message = readMessage(text);
    if (message.kind === 'response') {
      noteVersion(message);
      // Its answer is there: nothing is to be taken up any more.
      onTheWay.delete(message.id);
    }
    listener?.message(message);
  }

  /** The version that was agreed upon is said with each request after it. */
  function noteVersion(message: RpcMessage & { kind: 'response' }): void {
    if (version !== undefined || !('result' in message.outcome)) return;
    const { protocolVersion } = message.outcome.result;
    if (typeof protocolVersion === 'string' && /^[\w.-]{1,40}$/.test(protocolVersion)) version = protocolVersion;
  }

  /** What the server says without having been asked, as long as it lets itself be heard. */
  async function listen(): Promise<void> {
    let lastId: string | undefined;
    for (let tries = 0; !over.signal.aborted; tries += 1) {
      try {
        const { answer } = await sendAuthorized({
          method: 'GET',
          headers: () => ({
            ...headers(),
            accept: 'text/event-stream',
            ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
          }),
          signal: over.signal,
        });
        const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
        if (answer.statusCode !== 200 || !isStream) {
          answer.destroy();
          return;
        }
        tries = 0;
        lastId = (await readStream(answer)).lastId ?? lastId;
      } catch {
        // It is tried again below.
      }
      await delay(retryMs[Math.min(tries, retryMs.length - 1)] ?? 60_000, undefined, { signal: over.signal });
    }
  }

  async function post(message: RpcMessage, signal: AbortSignal): Promise<void> {
    const { answer, advice } = await sendAuthorized({
      method: 'POST',
      headers: () => headers(message),
      body: bodyOf(message),
      signal,
    });
    const status = answer.statusCode ?? 0;
    const type = answer.headers['content-type'] ?? '';
    const given = answer.headers['mcp-session-id'];
    if (
      typeof given === 'string' &&
      sessionId === undefined &&
      /^[\x21-\x7e]+$/.test(given) &&
      given.length <= maxSessionId
    )
      sessionId = given;
    if (status === 404 && sessionId !== undefined && message.kind === 'request' && message.method !== 'initialize') {
      answer.destroy();
      gone('it has forgotten our session (404)');
      return;
    }
    if (status === 202 || status === 204) {
      answer.destroy();
      if (message.kind === 'request') throw new Error(`it took the question and gives no answer (${status})`);
      return;
    }
    if (message.kind !== 'request') {
      // Nothing comes back that anybody waits for: a stream here would be another way to speak, and be held open.
      answer.destroy();
      if (status === 200) return;
      throw new Error(
        await explainRefusal({
          url,
          status,
          headers: answer.headers,
          ask,
          signal,
          ...(advice === undefined ? {} : { advice }),
        }),
      );
    }
    if (status === 200 && type.startsWith('text/event-stream')) {
      const ended = await readStream(answer);
      if (modernHeaders(message) === undefined)
        await readOn(ended, { isWaitedFor: () => onTheWay.has(message.id), takeUp, signal });
      else if (ended.broke !== undefined) throw ended.broke;
      return;
    }
    const text = await textOfAnswer(answer, maxAnswerBytes);
    if (type.startsWith('application/json')) {
      const read = readMessage(text);
      // An error of JSON-RPC says more than the status it came with; one without an id is for who asked.
      if (read.kind === 'response' && (status === 200 || 'error' in read.outcome)) {
        noteVersion(read);
        listener?.message(read);
        return;
      }
      if (status === 200) {
        listener?.message(read);
        return;
      }
    }
    throw new Error(
      await explainRefusal({
        url,
        status,
        headers: answer.headers,
        ask,
        signal: over.signal,
        ...(advice === undefined ? {} : { advice }),
      }),
    );
  }

  return {
    transport: 'http',
    // A query may hold a key; it says which server it is all the same.
    target: withDigest(`${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`.slice(0, 1000), url.href),
    async open(heardBy) {
      listener = heardBy;
    },
    async send(message) {
      if (over.signal.aborted) throw new Error('it is gone');
      if (message.kind === 'notification' && message.method === 'notifications/cancelled') {
        const id = message.params['requestId'];
        // Since 2026-07-28 that is the cancellation; before, what it still says would have nobody to hear it.
        if (typeof id === 'string' || typeof id === 'number') onTheWay.get(id)?.abort();
        if (modernHeaders(message) !== undefined) return;
      }
      const one = new AbortController();
      const signal = AbortSignal.any([over.signal, one.signal]);
      if (message.kind !== 'request') {
        await post(message, AbortSignal.any([signal, AbortSignal.timeout(takeMs)]));
        if (message.kind === 'notification' && message.method === 'notifications/initialized' && !isListening) {
          isListening = true;
          listen().catch(() => undefined);
        }
        return;
      }
      onTheWay.set(message.id, one);
      // The answer comes by the listener; here only that it was handed over.
      post(message, signal)
        .then(() => ({ error: 'its answer ended before it was whole' }))
        .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
        .then(({ error }) => {
          onTheWay.delete(message.id);
          if (one.signal.aborted) return;
          // Where the answer came, nobody waits for this one any more.
          listener?.message({ kind: 'response', id: message.id, outcome: failed(rpcCodes.internal, error) });
        })
        .catch((error: unknown) => say(String(error)));
    },
    async close() {
      if (sessionId !== undefined && !over.signal.aborted)
        await sendAuthorized({ method: 'DELETE', headers: () => headers(), signal: AbortSignal.timeout(byeMs) })
          .then(({ answer }) => answer.destroy())
          .catch(() => undefined);
      gone('it was closed');
      ask.close();
    },
  };
}
