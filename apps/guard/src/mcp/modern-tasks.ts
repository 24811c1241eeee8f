import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome, RpcRequest } from './json-rpc.ts';
import { tasksExtension } from './modern-headers.ts';
import { readInputRequests } from './modern-rounds.ts';
import { readTask, relatedTask } from './task-state.ts';

const defaultPollMs = 1000;
const maxKnown = 200;
/** Questions of one task, over its life. */
const maxAnswered = 64;

type Known = { readonly can: JsonObject; readonly answered: Set<string> };

/**
 * Tasks of a server of 2026-07-28 (the extension of SEP-2663), as a server of 2025-11-25 has them: what a task brings and what it wants to
 * know come with how it is, and are handed on when its result is asked for.
 */
type ModernTasks = {
  /** A call that may go on as a task, as such a server takes it. */
  asking(request: RpcRequest): RpcRequest;
  /** The server made a task of it. */
  began(result: JsonObject, can: JsonObject | undefined): JsonObject;
  /** `tasks/…` of 2025-11-25; undefined for any other question. */
  answer(request: RpcRequest, signal: AbortSignal): Promise<RpcOutcome> | undefined;
};

export function createModernTasks({
  ask,
  question,
}: {
  /** Settles at the latest when the signal does. */
  readonly ask: (
    method: string,
    params: JsonObject,
    how: { readonly can: JsonObject; readonly signal: AbortSignal },
  ) => Promise<RpcOutcome>;
  readonly question: (asked: Pick<RpcRequest, 'method' | 'params'>, signal: AbortSignal) => Promise<RpcOutcome>;
}): ModernTasks {
  /** By the ids of the server, the oldest first. */
  const known = new Map<string, Known>();
  /** Who is asked about goes on: the others are forgotten first. */
  function about(taskId: string): Known {
    const one = known.get(taskId);
    if (one === undefined) return { can: withTasks({}), answered: new Set() };
    known.delete(taskId);
    known.set(taskId, one);
    return one;
  }

  async function poll(taskId: string, signal: AbortSignal): Promise<RpcOutcome> {
    return ask('tasks/get', { taskId }, { can: about(taskId).can, signal });
  }

  /** How it is, without what it brings. */
  async function get(taskId: string, signal: AbortSignal): Promise<RpcOutcome> {
    const outcome = await poll(taskId, signal);
    if ('error' in outcome) return outcome;
    const { result: _brought, error: _failed, inputRequests: _wants, ...task } = outcome.result;
    return { result: task };
  }

  async function result(taskId: string, signal: AbortSignal): Promise<RpcOutcome> {
    for (;;) {
      const outcome = await poll(taskId, signal);
      if (signal.aborted) return failed(rpcCodes.internal, 'taken back');
      if ('error' in outcome) return outcome;
      const said = readTask(outcome.result);
      if (typeof said === 'string' || said.taskId !== taskId)
        return failed(rpcCodes.internal, 'The server did not answer about this task');
      switch (said.status) {
        case 'completed': {
          const brought = outcome.result['result'];
          return isJsonObject(brought) ? { result: brought } : failed(rpcCodes.internal, 'The task brought nothing');
        }
        case 'failed':
          return errorOf(outcome.result['error']);
        case 'cancelled':
          return failed(rpcCodes.internal, 'The task was cancelled');
        case 'input_required': {
          const refused = await answerQuestions(taskId, outcome.result['inputRequests'], signal);
          if (refused === undefined) break;
          // Who does not wait for what it brings has not taken the task back.
          if (signal.aborted) return failed(rpcCodes.internal, 'taken back');
          await ask('tasks/cancel', { taskId }, { can: about(taskId).can, signal });
          return failed(rpcCodes.internal, `The server wants to ask first, and has no answer: ${refused}`);
        }
        case 'working':
      }
      await delay(said.pollMs ?? defaultPollMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return failed(rpcCodes.internal, 'taken back');
    }
  }

  /** Why it has no answer; undefined where it has. */
  async function answerQuestions(
    taskId: string,
    wanted: JsonValue | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { answered, can } = about(taskId);
    const read = readInputRequests(wanted ?? {});
    if (typeof read === 'string') return read;
    const fresh = read.filter(([key]) => !answered.has(key));
    if (fresh.length === 0) return undefined;
    if (answered.size + fresh.length > maxAnswered) return `it asks without end: ${maxAnswered} questions`;
    for (const [key] of fresh) answered.add(key);
    const told = await Promise.all(
      fresh.map(async ([key, { method, params }]) => {
        const related = { ...params, _meta: { [relatedTask]: { taskId } } };
        return [key, await question({ method, params: related }, signal)] as const;
      }),
    );
    // Whoever fetches it next is asked.
    if (signal.aborted) for (const [key] of fresh) answered.delete(key);
    const answers: [string, JsonObject][] = [];
    for (const [key, answer] of told) {
      if ('error' in answer) return answer.error.message;
      const { _meta: _left, ...plain } = answer.result;
      answers.push([key, plain]);
    }
    const taken = await ask('tasks/update', { taskId, inputResponses: Object.fromEntries(answers) }, { can, signal });
    return 'error' in taken ? 'the server did not take it' : undefined;
  }

  return {
    asking(request) {
      const { task, ...params } = request.params;
      const { extensions: _others, ...can } = request.can ?? {};
      return { ...request, params, can: task === undefined ? can : withTasks(can) };
    },
    began({ resultType: _type, _meta: meta, ...task }, can = {}) {
      const said = readTask(task);
      // One that is none is refused by whoever hears of it.
      if (typeof said !== 'string') known.set(said.taskId, { can: withTasks(can), answered: new Set() });
      const [oldest] = known.keys();
      if (known.size > maxKnown && oldest !== undefined) known.delete(oldest);
      return { task, ...(isJsonObject(meta) ? { _meta: meta } : {}) };
    },
    answer({ method, params }, signal) {
      const taskId = textOf(params['taskId']);
      if (method === 'tasks/get') return get(taskId, signal);
      if (method === 'tasks/result') return result(taskId, signal);
      return method === 'tasks/cancel' ? ask(method, { taskId }, { can: about(taskId).can, signal }) : undefined;
    },
  };
}

function withTasks(can: JsonObject): JsonObject {
  return { ...can, extensions: { [tasksExtension]: {} } };
}

function errorOf(error: JsonValue | undefined): RpcOutcome {
  const { code, message }: JsonObject = isJsonObject(error) ? error : {};
  const words = textOf(message).slice(0, 2000);
  return failed(
    typeof code === 'number' && Number.isInteger(code) ? code : rpcCodes.internal,
    words === '' ? 'The task failed' : words,
  );
}
