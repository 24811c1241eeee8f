import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createClientTasks, type ClientTasks } from './client-tasks.ts';
import type { Gate, GatedCall } from './gate.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcMessage, RpcOutcome, RpcRequest, RpcResponse } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';
import { relatedTask, wantedTtl } from './task-state.ts';

/** What a question belongs to, as the client knows it. */
type BelongsTo = {
  /** The question of the client that it is asked for. */
  readonly of?: RpcId | undefined;
  /** The task of the client that it is asked for. */
  readonly task?: string | undefined;
  /** The client answers it as a task, where the server likes. */
  readonly mayBeTask: boolean;
};

/**
 * What a server may ask of the client: its model (sampling), its person (elicitation), where it works (roots). The question brings in what
 * others wrote, and is judged and told as the answer of a tool is; the answer goes to the server, and is judged as what is sent there.
 */
export type Questions = {
  /** Never rejects. */
  ask(request: Pick<RpcRequest, 'method' | 'params'>, signal: AbortSignal, belongs: BelongsTo): Promise<RpcOutcome>;
  /** Those that the client answers as tasks. */
  readonly tasks: ClientTasks;
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
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly toClient: (message: RpcMessage) => void;
}): Questions {
  /** Ours to the client, by our ids. */
  const waiting = new Map<string, (outcome: RpcOutcome) => void>();
  /** Of one question of the client, how many are being judged: it is shown all of them at once. */
  const judging = new Map<RpcId, { count: number; readonly ready: (() => void)[] }>();
  let askedCount = 0;
  let inFlight = 0;

  function askClient(
    method: string,
    params: JsonObject,
    { signal, waitMs, of }: { readonly signal: AbortSignal; readonly waitMs: number; readonly of?: RpcId | undefined },
  ): Promise<RpcOutcome> {
    const id = `sallyport-${(askedCount += 1)}`;
    return new Promise((resolve) => {
      const late = setTimeout(() => give(), waitMs);
      const give = (): void => {
        if (!waiting.has(id)) return;
        toClient({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: id } });
        settle(failed(rpcCodes.internal, 'No answer of the client'));
      };
      const settle = (outcome: RpcOutcome): void => {
        waiting.delete(id);
        clearTimeout(late);
        signal.removeEventListener('abort', give);
        resolve(outcome);
      };
      waiting.set(id, settle);
      // A person may be asked at the other end.
      signal.addEventListener('abort', give, { once: true });
      if (signal.aborted) give();
      else toClient({ kind: 'request', id, method, params, ...(of === undefined ? {} : { of }) });
    });
  }

  const isLong = (body: JsonObject): boolean => Buffer.byteLength(JSON.stringify(body)) > limits.maxResultBytes;
  const no = (reason: string): RpcOutcome => failed(rpcCodes.invalidRequest, reason);

  /** Others of the same question may still be judged. */
  async function together<Value>(of: RpcId | undefined, judge: () => Promise<Value>): Promise<Value> {
    if (of === undefined) return judge();
    const group = judging.get(of) ?? { count: 0, ready: [] };
    judging.set(of, group);
    group.count += 1;
    const done = (): void => {
      group.count -= 1;
      if (group.count > 0) return;
      judging.delete(of);
      for (const tell of group.ready) tell();
    };
    let value: Value;
    try {
      value = await judge();
    } catch (error) {
      done();
      throw error;
    }
    if (group.count > 1) {
      const all = new Promise<void>((resolve) => group.ready.push(resolve));
      done();
      await all;
    } else done();
    return value;
  }

  /** The words of the server, as the client may have them; a refusal otherwise. */
  async function judged(
    method: string,
    params: JsonObject,
    signal: AbortSignal,
  ): Promise<{ readonly params: JsonObject } | { readonly refused: RpcOutcome }> {
    if (isLong(params)) return { refused: no(`Sallyport: must be at most ${limits.maxResultBytes} bytes`) };
    const question: GatedCall = { id: newId(), kind: 'question', name: method, input: {} };
    const asked = await gate.judge(question, signal);
    if (!asked.isLet) return { refused: no(asked.reason) };
    const told = await gate.finished(question, { result: params, isSuccess: true, durationMs: 0 });
    if (told.withheld !== undefined) return { refused: no(told.withheld) };
    if (signal.aborted) return { refused: no('Sallyport: the question was taken back') };
    return { params: told.result ?? params };
  }

  async function sendOn(
    { method, atMs }: { readonly method: string; readonly atMs: number },
    { _meta: _left, ...answer }: JsonObject,
    signal: AbortSignal,
  ): Promise<RpcOutcome> {
    if (isLong(answer)) return no(`Sallyport: the answer must be at most ${limits.maxResultBytes} bytes`);
    const sent: GatedCall = { id: newId(), kind: 'answer', name: method, input: answer };
    const going = await gate.judge(sent, signal);
    if (!going.isLet) return no(going.reason);
    const durationMs = Math.max(0, Math.round(nowMs() - atMs));
    const { withheld } = await gate.finished(sent, { result: {}, isSuccess: true, durationMs });
    return withheld === undefined ? { result: answer } : no(withheld);
  }

  const tasks = createClientTasks({ askClient, sendOn, limits, nowMs, newId });

  async function pass(
    method: string,
    { _meta: _left, task: wanted, ...plain }: JsonObject,
    signal: AbortSignal,
    { of, task, mayBeTask }: BelongsTo,
  ): Promise<RpcOutcome> {
    const atMs = nowMs();
    const going = await together(of, () => judged(method, plain, signal));
    if ('refused' in going) return going.refused;
    const asTask = isJsonObject(wanted) && mayBeTask;
    if (asTask && !tasks.hasRoom()) return no(`Sallyport: ${limits.maxTasks} tasks go on already`);
    const params = {
      ...going.params,
      ...(asTask ? { task: { ttl: Math.min(wantedTtl(wanted) ?? limits.taskMs, limits.taskMs) } } : {}),
      ...(task === undefined ? {} : { _meta: { [relatedTask]: { taskId: task } } }),
    };
    const outcome = await askClient(method, params, { signal, waitMs: limits.callMs, of });
    // Words of an error are the client's: the server learns that there is no answer.
    if ('error' in outcome) return failed(outcome.error.code, 'The client did not answer');
    if (asTask && isJsonObject(outcome.result['task'])) return tasks.began(method, outcome.result);
    return sendOn({ method, atMs }, outcome.result, signal);
  }

  return {
    async ask({ method, params }, signal, belongs) {
      if (inFlight >= maxAsked) return failed(rpcCodes.internal, 'Too many questions at once');
      inFlight += 1;
      try {
        return await pass(method, params, signal, belongs);
      } catch {
        return failed(rpcCodes.internal, 'Sallyport: the question cannot be judged');
      } finally {
        inFlight -= 1;
      }
    },
    tasks,
    answered({ id, outcome }) {
      const settle = typeof id === 'string' ? waiting.get(id) : undefined;
      settle?.(outcome);
      return settle !== undefined;
    },
  };
}
