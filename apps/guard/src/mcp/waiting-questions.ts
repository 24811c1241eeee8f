import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcMessage, RpcOutcome, RpcRequest } from './json-rpc.ts';
import { ListError } from './read-pages.ts';
import { wordsOf } from './upstream.ts';

/** Questions of one client that wait, by its own ids: each has one answer, or none once it was taken back. */
export type WaitingQuestions = {
  /** Never rejects: what cannot be answered is answered with why. */
  take(request: RpcRequest): Promise<void>;
  has(id: RpcId): boolean;
  takeBack(id: RpcId): void;
  takeBackAll(): void;
  /** Once none waits for its answer. */
  settled(): Promise<void>;
};

export function createWaitingQuestions({
  most,
  answer,
  toClient,
  say,
}: {
  readonly most: number;
  readonly answer: (request: RpcRequest, signal: AbortSignal) => Promise<RpcOutcome>;
  readonly toClient: (message: RpcMessage) => void;
  readonly say: (line: string) => void;
}): WaitingQuestions {
  const waiting = new Map<string, AbortController>();
  const onSettled: (() => void)[] = [];

  function tellSettled(): void {
    // After the answer was sent.
    if (waiting.size === 0) queueMicrotask(() => onSettled.splice(0).forEach((tell) => tell()));
  }

  return {
    async take(request) {
      const key = keyOf(request.id);
      const send = (outcome: RpcOutcome): void => toClient({ kind: 'response', id: request.id, outcome });
      if (waiting.has(key)) {
        // Two answers to one id would tell nobody which is which: the first question keeps it.
        say(`the client used id ${key.slice(0, 80)} again before it was answered`);
        send(failed(rpcCodes.invalidRequest, 'This id waits for its answer already'));
        return;
      }
      if (waiting.size >= most) {
        send(failed(rpcCodes.internal, 'Sallyport: too many questions wait for their answer'));
        return;
      }
      const over = new AbortController();
      waiting.set(key, over);
      let outcome: RpcOutcome;
      try {
        outcome = await answer(request, over.signal);
      } catch (error) {
        const data = error instanceof ListError ? { code: error.code } : undefined;
        outcome = failed(rpcCodes.internal, `Sallyport: ${wordsOf(error)}`, data);
      }
      waiting.delete(key);
      tellSettled();
      // Who took the question back wants no answer.
      if (!over.signal.aborted) send(outcome);
    },
    has: (id) => waiting.has(keyOf(id)),
    takeBack: (id) => waiting.get(keyOf(id))?.abort(),
    takeBackAll() {
      for (const over of waiting.values()) over.abort();
    },
    settled: () =>
      new Promise((resolve) => {
        onSettled.push(resolve);
        tellSettled();
      }),
  };
}

function keyOf(id: RpcId): string {
  return JSON.stringify(id);
}
