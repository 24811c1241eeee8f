import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { ReadMessage, RpcId, RpcNotification, RpcOutcome, RpcRequest } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';
import type { ToolServer } from './tool-server.ts';

/** Questions to the server, each with an id of ours, and what it says by itself. */
export type Upstream = {
  open(): Promise<void>;
  /** Never rejects: what cannot be asked or answered is an error in the words of JSON-RPC. */
  ask(question: {
    readonly method: string;
    readonly params: JsonObject;
    readonly waitMs: number;
    /** Whoever asked has gone away: the server is told. */
    readonly signal?: AbortSignal;
    /** The asker's own; the server is given another. */
    readonly onProgress?: (params: JsonObject) => void;
    /** Progress is heard until then; left out, until the answer. */
    readonly progressUntil?: AbortSignal;
    /** The client's question it is asked for, by the client's id; questions of the server meanwhile may belong to it. */
    readonly asker?: RpcId;
    /** What the client can be asked. */
    readonly can?: JsonObject;
  }): Promise<RpcOutcome>;
  tell(notification: Omit<RpcNotification, 'kind'>): Promise<void>;
  /** Why it is gone; undefined while it is there. */
  gone(): string | undefined;
  close(): Promise<void>;
};

/** What whoever asks a server for something needs. */
export type AskerNeeds = {
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly say: (line: string) => void;
};

type Waiting = {
  readonly settle: (outcome: RpcOutcome) => void;
  readonly asker: RpcId | undefined;
};

export function createUpstream({
  server,
  answer,
  noticed,
  closed,
  say,
}: {
  readonly server: ToolServer;
  /** The answer to a question of the server; its `of` is the client's question that it belongs to, where that can be told. */
  readonly answer: (request: RpcRequest, signal: AbortSignal) => Promise<RpcOutcome>;
  readonly noticed: (notification: RpcNotification) => void;
  readonly closed: (reason: string) => void;
  /** For whoever reads the log. */
  readonly say: (line: string) => void;
}): Upstream {
  const waiting = new Map<number, Waiting>();
  const progressing = new Map<number, (params: JsonObject) => void>();
  /** Questions of the server that are being answered, by its own ids; for which of ours, where that is known. */
  const answering = new Map<string, { readonly over: AbortController; readonly of: RpcId | undefined }>();
  let isDropping = false;
  let asked = 0;
  let goneFor: string | undefined;

  function settle(id: unknown, outcome: RpcOutcome): boolean {
    if (typeof id !== 'number') return false;
    const one = waiting.get(id);
    waiting.delete(id);
    one?.settle(outcome);
    return one !== undefined;
  }

  /** On a line of its own nothing says what a question belongs to; where one alone waits it can be no other. */
  function askerOf({ of }: RpcRequest): RpcId | undefined {
    if (typeof of === 'number') return waiting.get(of)?.asker;
    const askers = [...waiting.values()].flatMap(({ asker }) => (asker === undefined ? [] : [asker]));
    return askers.length === 1 ? askers[0] : undefined;
  }

  /** Whoever is asked something may take their time: that is not the server's. */
  function isAsking(id: number): boolean {
    return [...answering.values()].some(({ of }) => of === undefined || of === id);
  }

  async function answerTo(request: RpcRequest): Promise<void> {
    const key = JSON.stringify(request.id);
    const send = (outcome: RpcOutcome) => server.send({ kind: 'response', id: request.id, outcome });
    // A refusal takes a way to the server as an answer does: what is beyond them is not answered at all.
    if (answering.has(key) || answering.size >= maxAnswering) {
      if (!isDropping) say('the server asks too much at once: what is beyond that has no answer');
      isDropping = true;
      return;
    }
    isDropping = false;
    const over = new AbortController();
    answering.set(key, { over, of: request.of });
    try {
      const { of: _of, ...asked } = request;
      const of = askerOf(request);
      const outcome = await answer(of === undefined ? asked : { ...asked, of }, over.signal);
      if (!over.signal.aborted) await send(outcome);
    } finally {
      answering.delete(key);
    }
  }

  function heard(message: ReadMessage): void {
    switch (message.kind) {
      case 'response':
        if (!settle(message.id, withoutData(message.outcome)))
          say(`the server answered ${JSON.stringify(message.id)}, which nobody asked or which was answered before`);
        return;
      case 'request':
        answerTo(message).catch((error: unknown) => say(`cannot answer the server: ${String(error)}`));
        return;
      case 'refused':
        say(`cannot read what the server said: ${message.reason}`);
        settle(message.id, failed(rpcCodes.internal, `The server's answer cannot be read: ${message.reason}`));
        return;
      case 'notification':
        if (message.method === 'notifications/progress') {
          const { progressToken, ...params } = message.params;
          if (typeof progressToken === 'number') progressing.get(progressToken)?.(params);
        } else if (message.method === 'notifications/cancelled')
          answering.get(JSON.stringify(message.params['requestId'] ?? null))?.over.abort();
        else noticed(message);
    }
  }

  return {
    open: () =>
      server.open({
        message: heard,
        closed(reason) {
          goneFor = reason;
          for (const id of waiting.keys())
            settle(id, failed(rpcCodes.internal, `The server behind the gateway is gone: ${reason}`));
          for (const { over } of answering.values()) over.abort();
          closed(reason);
        },
      }),

    async ask({ method, params, waitMs, signal, onProgress, progressUntil, asker, can }) {
      if (goneFor !== undefined) return failed(rpcCodes.internal, `The server behind the gateway is gone: ${goneFor}`);
      const id = (asked += 1);
      const cancel = (reason: string): void => {
        if (!waiting.has(id)) return;
        // MCP has no way to take the handshake back.
        if (method !== 'initialize')
          server
            .send({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: id, reason } })
            .catch(() => undefined);
        settle(id, failed(rpcCodes.internal, `No answer of the server: ${reason}`));
      };
      const onAbort = (): void => cancel('the client took the question back');
      let longer = maxLonger;
      const onTime = (): void => {
        if (!isAsking(id) || longer === 0) return cancel(`none within ${waitMs / 1000} s`);
        longer -= 1;
        timer = setTimeout(onTime, waitMs);
        return undefined;
      };
      let timer = setTimeout(onTime, waitMs);
      if (onProgress !== undefined) progressing.set(id, onProgress);
      progressUntil?.addEventListener('abort', () => progressing.delete(id), { once: true });
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        return await new Promise<RpcOutcome>((resolve) => {
          waiting.set(id, { settle: resolve, asker });
          const meta = onProgress === undefined ? {} : { progressToken: id };
          server
            .send({
              kind: 'request',
              id,
              method,
              params: withMeta(params, meta),
              ...(can === undefined ? {} : { can }),
            })
            .catch((error: unknown) =>
              settle(id, failed(rpcCodes.internal, `Cannot reach the server: ${wordsOf(error)}`)),
            );
          if (signal?.aborted === true) onAbort();
        });
      } finally {
        clearTimeout(timer);
        if (progressUntil === undefined || progressUntil.aborted) progressing.delete(id);
        signal?.removeEventListener('abort', onAbort);
      }
    },

    tell: ({ method, params }) => server.send({ kind: 'notification', method, params }),
    gone: () => goneFor,
    close() {
      // A server that says nothing of its end would leave whoever is asked for it waiting.
      for (const { over } of answering.values()) over.abort();
      return server.close();
    },
  };
}

const maxAnswering = 16;
/** Times a question may take while the server has one of its own answered. */
const maxLonger = 9;

/** The client's token of progress never reaches the server: it knows ours alone. */
function withMeta(params: JsonObject, more: JsonObject): JsonObject {
  const { _meta: given, ...rest } = params;
  const { progressToken: _own, ...meta } = isJsonObject(given) ? given : {};
  const all = { ...meta, ...more };
  return Object.keys(all).length === 0 ? rest : { ...rest, _meta: all };
}

/** An error may hold anything beside its words, which alone are measured, told and redacted. */
function withoutData(outcome: RpcOutcome): RpcOutcome {
  return 'error' in outcome ? failed(outcome.error.code, outcome.error.message) : outcome;
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
