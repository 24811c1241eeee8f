import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome, RpcRequest } from './json-rpc.ts';
import { createRate, type GatewayLimits } from './limits.ts';
import { isEnded, readTask, relatedTask } from './task-state.ts';
import { createTaskTable, shownTask, type Task } from './task-table.ts';

type Asked = { readonly method: string; readonly atMs: number };
type AskClient = (
  method: string,
  params: JsonObject,
  how: { signal: AbortSignal; waitMs: number },
) => Promise<RpcOutcome>;

/**
 * Questions of the server that the client answers as tasks. The server knows each by an id of ours; what the client says of how they go is
 * told without its words, and its answer is judged when it is fetched, as any answer of the client is.
 */
export type ClientTasks = {
  hasRoom(): boolean;
  /** The client took a question as a task. */
  began(method: string, result: JsonObject): RpcOutcome;
  /** Questions of the server about them; undefined for what is none. */
  answer(request: Pick<RpcRequest, 'method' | 'params'>, signal: AbortSignal): Promise<RpcOutcome> | undefined;
  /** The client says how one of its tasks is; undefined for none of ours. */
  noticed(params: JsonObject): JsonObject | undefined;
};

export function createClientTasks({
  askClient,
  sendOn,
  limits,
  nowMs,
  newId,
}: {
  readonly askClient: AskClient;
  /** The way of an answer of the client to the server: judged as what is sent there. */
  readonly sendOn: (asked: Asked, answer: JsonObject, signal: AbortSignal) => Promise<RpcOutcome>;
  readonly limits: Pick<GatewayLimits, 'maxTasks' | 'taskMs' | 'taskQuestionsAMinute' | 'requestMs'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
}): ClientTasks {
  const table = createTaskTable<Asked>({
    most: limits.maxTasks,
    longestMs: limits.taskMs,
    nowMs,
    newId,
    // Nothing of it went to the server.
    forgotten: () => undefined,
  });
  const polls = createRate({ aMinute: limits.taskQuestionsAMinute, nowMs });
  const about = { 'tasks/get': get, 'tasks/result': result, 'tasks/cancel': cancel } as const;

  async function get(task: Task<Asked>, signal: AbortSignal): Promise<RpcOutcome> {
    const outcome = await askClient('tasks/get', { taskId: task.theirs }, { signal, waitMs: limits.requestMs });
    if ('error' in outcome) return failed(outcome.error.code, 'The client does not say');
    const said = readTask(outcome.result);
    if (typeof said === 'string' || said.taskId !== task.theirs)
      return failed(rpcCodes.internal, 'The client did not answer about this task');
    table.note(task, said);
    return { result: shownTask(task) };
  }

  async function result(task: Task<Asked>, signal: AbortSignal): Promise<RpcOutcome> {
    const waitMs = Math.max(limits.requestMs, task.untilMs - nowMs());
    const outcome = await askClient('tasks/result', { taskId: task.theirs }, { signal, waitMs });
    if ('error' in outcome) return failed(outcome.error.code, 'The client did not answer');
    const sent = await sendOn(task.of, outcome.result, signal);
    if ('error' in sent) return sent;
    table.note(task, { status: 'completed' });
    return { result: { ...sent.result, _meta: { [relatedTask]: { taskId: task.id } } } };
  }

  async function cancel(task: Task<Asked>, signal: AbortSignal): Promise<RpcOutcome> {
    if (isEnded(task.status)) return failed(rpcCodes.invalidParams, 'Cannot cancel task: it has ended');
    const outcome = await askClient('tasks/cancel', { taskId: task.theirs }, { signal, waitMs: limits.requestMs });
    if ('error' in outcome) return failed(outcome.error.code, 'The client did not cancel it');
    table.note(task, { status: 'cancelled' });
    return { result: shownTask(task) };
  }

  return {
    hasRoom: table.hasRoom,
    began(method, { task: given }) {
      const said = readTask(given);
      const task = typeof said === 'string' ? undefined : table.add(said, { method, atMs: nowMs() });
      return task === undefined
        ? failed(rpcCodes.internal, 'The client did not answer with a task')
        : { result: { task: shownTask(task) } };
    },
    answer({ method, params }, signal) {
      if (method === 'tasks/list')
        return Promise.resolve<RpcOutcome>(
          params['cursor'] === undefined
            ? { result: { tasks: table.all().map(shownTask) } }
            : failed(rpcCodes.invalidParams, 'There is no such cursor'),
        );
      const how =
        method === 'tasks/get' || method === 'tasks/result' || method === 'tasks/cancel' ? about[method] : undefined;
      if (how === undefined) return undefined;
      const task = table.byId(textOf(params['taskId']));
      const wait = polls.take(task?.id ?? '');
      if (wait !== undefined)
        return Promise.resolve(failed(rpcCodes.internal, `Sallyport: again in ${Math.ceil(wait / 1000)} s`));
      return task === undefined || nowMs() >= task.untilMs
        ? Promise.resolve(failed(rpcCodes.invalidParams, 'Task not found'))
        : how(task, signal);
    },
    noticed(params) {
      const said = isJsonObject(params) ? readTask(params) : 'no task';
      const task = typeof said === 'string' ? undefined : table.byTheirs(said.taskId);
      if (typeof said === 'string' || task === undefined) return undefined;
      table.note(task, said);
      return shownTask(task);
    },
  };
}
