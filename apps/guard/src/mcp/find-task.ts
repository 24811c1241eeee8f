import { textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome } from './json-rpc.ts';
import { callOfLeft } from './left-tasks.ts';
import { createRate } from './limits.ts';
import type { Began, TaskCare, TaskCareNeeds } from './task-care.ts';
import type { Task } from './task-table.ts';
import type { WaitingTask } from './waiting-tasks.ts';

/**
 * The task a client asks about, by our id: one of this connection, or of a gateway before this one, which is of this connection from then
 * on. What is neither is absent, and nobody asks about one more often than that.
 */
export type FindTask = (params: JsonObject, signal?: AbortSignal) => Promise<Task<Began> | RpcOutcome>;

export function createFindTask(
  { gate, limits, nowMs, file }: Pick<TaskCareNeeds, 'gate' | 'limits' | 'nowMs' | 'file'>,
  care: Pick<TaskCare, 'table' | 'left' | 'over' | 'overFor' | 'keepBeating'>,
): FindTask {
  const { table, left } = care;
  const polls = createRate({ aMinute: limits.taskQuestionsAMinute, nowMs });
  /** By our ids: whether they may go on is being asked. */
  const resuming = new Map<string, Promise<Task<Began> | RpcOutcome>>();

  /** One of a gateway before this one: it was judged when it began, and whether it may go on is asked. */
  async function goOnWith(before: WaitingTask): Promise<Task<Began> | RpcOutcome> {
    const call = callOfLeft(before);
    const over = care.overFor();
    const task = over === undefined ? table.takeUp({ ...before, ...before.going }, { call }) : undefined;
    if (task === undefined) {
      left.putBack(before);
      return failed(rpcCodes.internal, `Sallyport: ${over ?? `${limits.maxTasks} tasks go on already`}`);
    }
    care.keepBeating();
    const { withheld: no, isOver, isUnheard } = await gate.task(call, { task: task.id, change: 'resumed' });
    // Where calls go on unasked, too: it was judged, and nobody says whether it may still be had.
    const withheld = no ?? (isUnheard === true ? 'Sallyport: nobody says whether it may still be had' : undefined);
    if (isOver === true) await care.over(withheld ?? 'the run is over');
    if (withheld !== undefined && task.ended === undefined) {
      table.forget(task);
      left.putBack(before);
    } else {
      table.goesOn(task);
      left.goesOn(before);
    }
    care.keepBeating();
    return withheld === undefined ? task : failed(rpcCodes.internal, withheld);
  }

  return async function find(params, signal) {
    const id = textOf(params['taskId']);
    const task = table.byId(id);
    const asked = resuming.get(id);
    const wait = polls.take(task?.id ?? '');
    if (wait !== undefined)
      return failed(rpcCodes.internal, `Sallyport: too many questions about tasks; wait ${Math.ceil(wait / 1000)} s`);
    if (asked !== undefined) return asked;
    if (task !== undefined) return task;
    const before = id === '' ? undefined : await left.take(id, signal);
    if (before !== undefined) {
      const going = goOnWith(before).finally(() => resuming.delete(id));
      resuming.set(id, going);
      return going;
    }
    // Who asked beside us has it.
    if (resuming.has(id) || table.byId(id) !== undefined) return find(params, signal);
    const wasLeft = id !== '' && file?.wasLeft(id) === true;
    return failed(
      rpcCodes.invalidParams,
      wasLeft
        ? 'Sallyport: Task not found: the gateway it began with was ended, so it was abandoned and its result is not to be had'
        : 'Task not found',
    );
  };
}
