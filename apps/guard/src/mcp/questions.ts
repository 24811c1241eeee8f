import type { JsonObject } from '@sallyport/contracts';
import type { Gate, GatedCall } from './gate.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcMessage, RpcOutcome, RpcRequest, RpcResponse } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';

/**
 * What a server may ask of the client: its model (sampling), its person (elicitation), where it works (roots). The question brings in what
 * others wrote, and is judged and told as the answer of a tool is; the answer goes to the server, and is judged as what is sent there.
 */
type Questions = {
  /** Never rejects. */
  ask(request: Pick<RpcRequest, 'method' | 'params'>, signal: AbortSignal): Promise<RpcOutcome>;
  /** False where nobody asked this. */
  answered(response: RpcResponse): boolean;
};

const maxAsked = 64;

export function createQuestions({
  gate,
  limits,
  nowMs,
  newId,
  toClient,
}: {
  readonly gate: Pick<Gate, 'judge' | 'finished'>;
  readonly limits: Pick<GatewayLimits, 'callMs' | 'maxResultBytes'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly toClient: (message: RpcMessage) => void;
}): Questions {
  /** Ours to the client, by our ids. */
  const waiting = new Map<string, (outcome: RpcOutcome) => void>();
  let askedCount = 0;
  let inFlight = 0;

  function askClient(method: string, params: JsonObject, signal: AbortSignal): Promise<RpcOutcome> {
    const id = `sallyport-${(askedCount += 1)}`;
    return new Promise((resolve) => {
      const settle = (outcome: RpcOutcome): void => {
        waiting.delete(id);
        resolve(outcome);
      };
      waiting.set(id, settle);
      const give = (): void => {
        if (!waiting.has(id)) return;
        toClient({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: id } });
        settle(failed(rpcCodes.internal, 'No answer of the client'));
      };
      // A person may be asked at the other end.
      AbortSignal.any([signal, AbortSignal.timeout(limits.callMs)]).addEventListener('abort', give, { once: true });
      toClient({ kind: 'request', id, method, params });
    });
  }

  const isLong = (body: JsonObject): boolean => Buffer.byteLength(JSON.stringify(body)) > limits.maxResultBytes;

  async function pass(method: string, params: JsonObject, signal: AbortSignal): Promise<RpcOutcome> {
    const no = (reason: string): RpcOutcome => failed(rpcCodes.invalidRequest, reason);
    if (isLong(params)) return no(`Sallyport: must be at most ${limits.maxResultBytes} bytes`);
    const question: GatedCall = { id: newId(), kind: 'question', name: method, input: {} };
    const beganMs = nowMs();
    const asked = await gate.judge(question, signal);
    if (!asked.isLet) return no(asked.reason);
    const told = await gate.finished(question, { result: params, isSuccess: true, durationMs: 0 });
    if (told.withheld !== undefined) return no(told.withheld);
    if (signal.aborted) return no('Sallyport: the question was taken back');
    const outcome = await askClient(method, told.result ?? params, signal);
    // Words of an error are the client's: the server learns that there is no answer.
    if ('error' in outcome) return failed(outcome.error.code, 'The client did not answer');
    const { _meta: _left, ...answer } = outcome.result;
    if (isLong(answer)) return no(`Sallyport: the answer must be at most ${limits.maxResultBytes} bytes`);
    const sent: GatedCall = { id: newId(), kind: 'answer', name: method, input: answer };
    const going = await gate.judge(sent, signal);
    if (!going.isLet) return no(going.reason);
    const durationMs = Math.max(0, Math.round(nowMs() - beganMs));
    const { withheld } = await gate.finished(sent, { result: {}, isSuccess: true, durationMs });
    return withheld === undefined ? { result: answer } : no(withheld);
  }

  return {
    async ask({ method, params }, signal) {
      if (inFlight >= maxAsked) return failed(rpcCodes.internal, 'Too many questions at once');
      inFlight += 1;
      try {
        return await pass(method, params, signal);
      } catch {
        return failed(rpcCodes.internal, 'Sallyport: the question cannot be judged');
      } finally {
        inFlight -= 1;
      }
    },
    answered({ id, outcome }) {
      const settle = typeof id === 'string' ? waiting.get(id) : undefined;
      settle?.(outcome);
      return settle !== undefined;
    },
  };
}
