import type { AgentTaskChange, JsonObject } from '@sallyport/contracts';
import type { Gate, GatedCall } from './gate.ts';
import { createLeftTasks, type LeftTasks } from './left-tasks.ts';
import { createTaskEnds } from './task-ends.ts';
import type { TaskFile } from './task-file.ts';
import { isEnded } from './task-state.ts';
import { createTaskTable, type Task, type TaskTable } from './task-table.ts';
import type { AskerNeeds } from './upstream.ts';

/** What a task is of: the call that was judged. */
export type Began = {
  readonly call: GatedCall;
  /** Told already; the server knows of no task. */
  readonly kept?: JsonObject;
  /** Aborted once nothing of its progress is heard any more. */
  readonly progress?: AbortController;
};

export type TaskCareNeeds = AskerNeeds & {
  readonly gate: Pick<Gate, 'task' | 'standing'>;
  readonly canCancel: boolean;
  readonly target: string;
  readonly transport: 'stdio' | 'http';
  readonly file?: TaskFile;
};

/**
 * Looks after calls that go on as tasks of one server: each ends with its time, with its run and with this gateway, at the server too, and
 * what became of it stands in the record.
 */
export type TaskCare = {
  readonly table: TaskTable<Began>;
  readonly left: LeftTasks;
  /** Why nothing may go on any more. */
  overFor(): string | undefined;
  /** Nothing comes of it any more, and that stands in the record. */
  settle(task: Task<Began>, change: AgentTaskChange, reason: string): Promise<void>;
  /** Ends it here, and asks the server to. */
  stop(task: Task<Began>, change: AgentTaskChange, reason: string): Promise<void>;
  /** The run is over: all of them end. */
  over(reason: string): Promise<void>;
  /** False where the server cannot be asked. */
  cancelThere(theirs: string): Promise<boolean>;
  /** It began, for the gateway after this one; the reason where that cannot be. `goesOn`: that one may go on with it. */
  keep(task: Task<Began>, how: { readonly goesOn: boolean }): Promise<string | undefined>;
  /** It is not kept for the gateway after this one any more. */
  drop(id: string): void;
  /** While anything goes on, or something was not heard of yet. */
  keepBeating(): void;
  tellLeft(): Promise<void>;
  end(reason: string): Promise<void>;
};

const endMs = 2000;
/** After a start: what was left by who fell a moment ago. */
const leftAgainMs = 20_000;

export function createTaskCare(needs: TaskCareNeeds): TaskCare {
  const { gate, upstream, limits, nowMs, newId, say, canCancel, target, transport, file } = needs;
  const ended = new AbortController();
  const ends = createTaskEnds({
    gate,
    say,
    untold: file?.untold ?? [],
    missed() {
      keepBeating();
      file?.waiting.wake();
    },
  });
  const table = createTaskTable<Began>({
    most: limits.maxTasks,
    longestMs: limits.taskMs,
    nowMs,
    newId,
    forgotten: (task) => void settle(task, 'abandoned', 'its result was never fetched'),
  });
  const left = createLeftTasks({
    ends,
    target,
    say,
    goesOn: transport === 'http',
    cancelThere,
    settled: drop,
    wake: keepBeating,
    ended: ended.signal,
    ...(file === undefined ? {} : { file }),
  });
  let beating: NodeJS.Timeout | undefined;
  let overFor: string | undefined;

  async function settle(task: Task<Began>, change: AgentTaskChange, reason: string): Promise<void> {
    task.isSettled = true;
    task.of.progress?.abort();
    await ends.tell({ call: task.of.call, task: task.id, change, reason, told: () => drop(task.id) });
  }

  async function keep(task: Task<Began>, { goesOn }: { readonly goesOn: boolean }): Promise<string | undefined> {
    const { id, digest, name, input } = task.of.call;
    const { atMs, untilMs, pollMs } = task;
    const going = { input, atMs, untilMs, ...(pollMs === undefined ? {} : { pollMs }) };
    try {
      file?.keep({
        id: task.id,
        theirs: task.theirs,
        target,
        callId: id,
        tool: name,
        ...(digest === undefined ? {} : { digest }),
        ...(goesOn && transport === 'http' ? { going } : {}),
      });
      return undefined;
    } catch (error) {
      await stop(task, 'abandoned', `it cannot be kept (${String(error)})`);
      return task.ended;
    }
  }

  function drop(id: string): void {
    try {
      file?.drop(id);
    } catch (error) {
      say(`what is under way cannot be kept: ${String(error)}`);
    }
  }

  async function stop(task: Task<Began>, change: AgentTaskChange, reason: string): Promise<void> {
    const wasOpen = !isEnded(task.status);
    table.end(task, `Sallyport: ${reason}`);
    await Promise.all([
      wasOpen && task.of.kept === undefined ? cancelThere(task.theirs) : undefined,
      settle(task, change, reason),
    ]);
  }

  async function cancelThere(theirs: string): Promise<boolean> {
    if (canCancel) await upstream.ask({ method: 'tasks/cancel', params: { taskId: theirs }, waitMs: endMs });
    return canCancel;
  }

  async function endAll(reason: string): Promise<void> {
    await Promise.all([
      ...table.unsettled().map((task) => stop(task, 'abandoned', reason)),
      ...left.waiting().map((task) => left.giveUp(task, 'abandoned', reason)),
    ]);
  }

  async function over(reason: string): Promise<void> {
    overFor ??= reason;
    await endAll(reason);
  }

  const isIdle = (): boolean => table.unsettled().length === 0 && left.waiting().length === 0;

  async function beat(): Promise<void> {
    mark();
    void ends.tellAgain();
    const late = ({ atMs, untilMs }: { readonly atMs: number; readonly untilMs: number }): string | undefined =>
      nowMs() < untilMs ? undefined : `it was not done within ${Math.round((untilMs - atMs) / 1000)} s`;
    // Their server may never answer: whoever looks after the others does not wait for it.
    for (const task of table.unsettled()) {
      const reason = late(task);
      if (reason !== undefined) void stop(task, 'expired', reason);
    }
    for (const task of left.waiting()) {
      const reason = late(task.going);
      if (reason !== undefined) void left.giveUp(task, 'expired', reason);
    }
    if (isIdle()) return;
    const standing = await gate.standing();
    if (standing?.over !== undefined) await over(standing.over);
    else if (standing?.held !== undefined) await endAll(standing.held);
  }

  /** What cannot be marked is looked after all the same. */
  function mark(): void {
    try {
      file?.beat();
    } catch (error) {
      say(`what is under way cannot be kept: ${String(error)}`);
    }
  }

  function keepBeating(): void {
    if (ended.signal.aborted || beating !== undefined) return;
    if (isIdle() && !ends.isUntold()) return;
    beating = setTimeout(() => {
      beat()
        .catch((error: unknown) => say(`tasks cannot be looked after: ${String(error)}`))
        .finally(() => {
          beating = undefined;
          keepBeating();
        });
    }, limits.taskBeatMs).unref();
  }

  async function tellLeft(): Promise<void> {
    try {
      await left.tell();
    } finally {
      keepBeating();
    }
  }

  return {
    table,
    left,
    overFor: () => overFor,
    settle,
    stop,
    over,
    cancelThere,
    keep,
    drop,
    keepBeating,
    async tellLeft() {
      await tellLeft();
      if (ended.signal.aborted) return;
      const again = setTimeout(() => {
        tellLeft().catch((error: unknown) => say(`what was left cannot be told: ${String(error)}`));
      }, leftAgainMs).unref();
      ended.signal.addEventListener('abort', () => clearTimeout(again), { once: true });
    },
    async end(reason) {
      ended.abort();
      clearTimeout(beating);
      overFor ??= reason;
      const all = Promise.all([
        ...table.unsettled().map((task) => stop(task, 'abandoned', reason)),
        left.leave(reason),
      ]);
      let late: NodeJS.Timeout | undefined;
      await Promise.race([all, new Promise<void>((resolve) => (late = setTimeout(resolve, endMs)))]);
      clearTimeout(late);
    },
  };
}
