import type { JsonObject } from '@sallyport/contracts';
import { isEnded, type SaidTask, type TaskStatus } from './task-state.ts';

/** A task as it is known here: one side knows it by `id`, the other by `theirs`, and neither hears the other's. */
export type Task<Of> = {
  readonly id: string;
  readonly theirs: string;
  readonly of: Of;
  readonly atMs: number;
  /** It ends here then, whatever its owner says. */
  readonly untilMs: number;
  status: TaskStatus;
  changedAtMs: number;
  pollMs?: number;
  /** What its owner said last, and what of that may be read. */
  said?: string;
  message?: string;
  /** Why it was ended by us. */
  ended?: string;
  /** Fetched, taken back or ended: nothing of it is missing from the record. */
  isSettled: boolean;
  /** Aborted once nothing of it is waited for any more. */
  readonly over: AbortController;
};

/** Tasks of one connection. Holds at most `most` that go on, and as many that ended; what is in none of them does not exist. */
export type TaskTable<Of> = {
  /** Undefined where there is no room, or one has this id already: a task belongs to one call. */
  add(said: SaidTask, of: Of): Task<Of> | undefined;
  /**
   * One that began before, under the ids it had, and that may not be known yet: its place is kept, and it ends as any other. Undefined as
   * with `add`.
   */
  takeUp(
    before: Pick<Task<Of>, 'id' | 'theirs' | 'atMs' | 'untilMs'> & { readonly pollMs?: number },
    of: Of,
  ): Task<Of> | undefined;
  /** One that was taken up is known from now on. */
  goesOn(task: Task<Of>): void;
  /** It is none of this connection any more. */
  forget(task: Task<Of>): void;
  hasRoom(): boolean;
  byId(id: string): Task<Of> | undefined;
  byTheirs(id: string): Task<Of> | undefined;
  /** Whether a task of this connection has this id of its owner, known or not. */
  isTaken(theirs: string): boolean;
  /** Takes over what its owner says. What has ended stays as it ended. */
  note(task: Task<Of>, said: Pick<SaidTask, 'status' | 'pollMs'>): void;
  /** Ended by us, not by its owner. */
  end(task: Task<Of>, reason: string): void;
  all(): readonly Task<Of>[];
  unsettled(): readonly Task<Of>[];
};

export function createTaskTable<Of>({
  most,
  longestMs,
  nowMs,
  newId,
  forgotten,
}: {
  readonly most: number;
  readonly longestMs: number;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** One that had ended and was never fetched makes room. */
  readonly forgotten: (task: Task<Of>) => void;
}): TaskTable<Of> {
  /** By our ids, the oldest first. */
  const tasks = new Map<string, Task<Of>>();
  const byTheirs = new Map<string, Task<Of>>();
  /** Taken up, and not known yet. */
  const pending = new Set<Task<Of>>();
  const known = (task: Task<Of> | undefined): Task<Of> | undefined =>
    task === undefined || pending.has(task) ? undefined : task;
  const open = (): Task<Of>[] => [...tasks.values()].filter(({ status }) => !isEnded(status));

  function begin(
    begun: Pick<Task<Of>, 'id' | 'theirs' | 'of' | 'atMs' | 'untilMs' | 'status' | 'pollMs'>,
  ): Task<Of> | undefined {
    if (open().length >= most || byTheirs.has(begun.theirs)) return undefined;
    const task: Task<Of> = { ...begun, changedAtMs: begun.atMs, isSettled: false, over: new AbortController() };
    tasks.set(task.id, task);
    byTheirs.set(task.theirs, task);
    forgetOldest();
    return task;
  }

  function remove(task: Task<Of>): void {
    tasks.delete(task.id);
    byTheirs.delete(task.theirs);
    pending.delete(task);
  }

  function forgetOldest(): void {
    const over = [...tasks.values()].filter(({ status }) => isEnded(status));
    for (const task of over.slice(0, Math.max(0, over.length - most))) {
      remove(task);
      if (!task.isSettled) forgotten(task);
    }
  }

  return {
    hasRoom: () => open().length < most,
    add({ taskId, status, ttlMs = longestMs, pollMs }, of) {
      const atMs = nowMs();
      const times = { atMs, untilMs: atMs + Math.min(ttlMs, longestMs), ...(pollMs === undefined ? {} : { pollMs }) };
      return begin({ id: newId(), theirs: taskId, of, status, ...times });
    },
    takeUp({ id, theirs, atMs, untilMs, pollMs }, of) {
      const task = begin({
        id,
        theirs,
        of,
        status: 'working',
        atMs: Math.min(atMs, nowMs()),
        untilMs: Math.min(untilMs, nowMs() + longestMs),
        ...(pollMs === undefined ? {} : { pollMs }),
      });
      if (task !== undefined) pending.add(task);
      return task;
    },
    goesOn: (task) => void pending.delete(task),
    forget: remove,
    byId: (id) => known(tasks.get(id)),
    byTheirs: (id) => known(byTheirs.get(id)),
    isTaken: (id) => byTheirs.has(id),
    note(task, { status, pollMs }) {
      if (pollMs !== undefined) task.pollMs = pollMs;
      if (isEnded(task.status) || task.status === status) return;
      task.status = status;
      task.changedAtMs = nowMs();
      if (isEnded(status)) forgetOldest();
    },
    end(task, reason) {
      task.ended = reason;
      task.isSettled = true;
      if (!isEnded(task.status)) {
        task.status = 'cancelled';
        task.changedAtMs = nowMs();
      }
      task.over.abort(new Error(reason));
      forgetOldest();
    },
    all: () => [...tasks.values()].filter((task) => !pending.has(task)),
    unsettled: () => [...tasks.values()].filter(({ isSettled }) => !isSettled),
  };
}

/** As MCP 2025-11-25 has a task. */
export function shownTask<Of>(task: Task<Of>): JsonObject {
  const { id, status, atMs, changedAtMs, untilMs, pollMs, ended } = task;
  const message = ended ?? task.message;
  return {
    taskId: id,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(atMs).toISOString(),
    lastUpdatedAt: new Date(changedAtMs).toISOString(),
    ttl: untilMs - atMs,
    ...(pollMs === undefined ? {} : { pollInterval: pollMs }),
  };
}
