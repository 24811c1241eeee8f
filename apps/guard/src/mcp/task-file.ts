import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '@sallyport/contracts';
import { leftTasksIn, leftToRunUntilMs, writtenTask, type LeftTask } from './left-task.ts';
import { replaceFile } from './locked-file.ts';
import type { TaskEnd } from './task-ends.ts';
import type { TaskSeal } from './task-seal.ts';
import { createWaitingTasks, type WaitingTasks } from './waiting-tasks.ts';

/**
 * Which tasks this gateway has under way, for the one that is started after it: whoever is killed can tell nobody what becomes of them. A
 * file of each process, young while it lives.
 */
export type TaskFile = {
  /** Throws when it cannot be kept: then the task does not begin. */
  keep(task: LeftTask): void;
  drop(id: string): void;
  /** This process lives. */
  beat(): void;
  /**
   * What those left that are gone, each to one who asks; `told` once it stands in the record. What of it can be gone on with at this server
   * waits from now on, and is not among it. What another run may go on with is left to that run, until its time is over.
   */
  takeLeft(target: string | undefined): readonly { readonly tasks: readonly LeftTask[]; readonly told: () => void }[];
  /** Whether a gateway that is gone had it. */
  wasLeft(id: string): boolean;
  /** After how long one that such a gateway had can be taken; undefined where none had it, or it was taken. */
  takenInMs(id: string): number | undefined;
  /** Those of them that are gone on with here, and that no client asked for yet. */
  readonly waiting: WaitingTasks;
  /** Ends of tasks that nobody heard of yet. */
  readonly untold: TaskEnd[];
};

/** Of a process that is gone: it may be alive where we cannot see it, as in another container. */
const quietMs = 15_000;
/** Longer than any task takes: another process may have its number by now. */
const longestMs = 25 * 60 * 60_000;
const maxBytes = 8 * 1024 * 1024;
const maxFiles = 64;
/** The run is in the name: what is of another is not taken, and of many of them none hides what is ours. */
const ownName = /^(?<name>[\w.-]{1,64})\.(?<pid>\d{1,10})\.(?:(?<run>[0-9a-f]{1,64})~)?[\w-]{1,64}\.json$/;
/** Of what is kept to go on with: it is written anew with each task. What is beyond that ends with this process. */
const maxSealedBytes = 2 * 1024 * 1024;

export function createTaskFile({
  directory,
  name,
  session,
  seal,
  nowMs,
  newId,
  pid = process.pid,
}: {
  readonly directory: string;
  readonly name: string;
  readonly session?: string;
  /** Of the run, there where what is under way can be gone on with. */
  readonly seal?: TaskSeal;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly pid?: number;
}): TaskFile {
  const ofRun = session === undefined ? '' : `${session}~`;
  const own = `${name}.${pid}.${ofRun}${newId()}.json`;
  const held = new Map<string, ReturnType<typeof writtenTask>>();
  const known = new Set<string>();
  const waiting = createWaitingTasks();
  /** Files of others that are ours now: whoever took them tells of them, once. */
  const claimed = new Set<string>();

  function write(): void {
    const file = join(directory, own);
    if (held.size === 0) rmSync(file, { force: true });
    else replaceFile(file, JSON.stringify([...held.values()]));
  }

  function hold(task: LeftTask): void {
    const written = writtenTask({ ...task, ...(session === undefined ? {} : { session }) }, { name, seal });
    const sealedBytes = [...held.values()].reduce((sum, { sealed }) => sum + textOf(sealed).length, 0);
    const { sealed, ...bare } = written;
    held.set(task.id, sealedBytes + textOf(sealed).length > maxSealedBytes ? bare : written);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      write();
    } catch (error) {
      held.delete(task.id);
      throw error;
    }
  }

  function drop(id: string): void {
    if (held.delete(id)) write();
  }

  /** Those of this run that can be gone on with wait for their client from now on; those that are left over cannot. */
  function goOnWith(tasks: readonly LeftTask[], target: string | undefined): LeftTask[] {
    return tasks.filter((task) => {
      const { going } = task;
      if (going === undefined || task.target !== target || session === undefined || task.session !== session)
        return true;
      if (held.has(task.id)) return false;
      try {
        hold(task);
      } catch {
        // What cannot be kept is not gone on with, as it would not have begun.
        return true;
      }
      if (waiting.add({ ...task, going })) return false;
      drop(task.id);
      return true;
    });
  }

  /** What is gone on with stands in the file of this process: found here once more, it would rise again after its end. */
  function keepRest(file: string, tasks: readonly LeftTask[]): void {
    try {
      replaceFile(file, JSON.stringify(tasks.map((task) => writtenTask(task, { name, seal }))));
    } catch {
      // Whoever comes after this process finds it twice, and goes on with it once.
    }
  }

  const tasksIn = (file: string): LeftTask[] => leftTasksIn(textIn(file), { name, seal });

  /** What another run left, which may come back, as we may not go on with it. */
  function isOfAnother(file: string): boolean {
    const path = join(directory, file);
    const at = ageOf(path);
    // No task takes so long: whoever wrote that is no gateway.
    return (
      at !== undefined && nowMs() - at < longestMs && nowMs() < Math.min(leftToRunUntilMs(textIn(path)), at + longestMs)
    );
  }

  /** Files of processes of this name that are gone; those of this run first. */
  function orphans(): string[] {
    let all: string[];
    try {
      all = readdirSync(directory);
    } catch {
      return [];
    }
    const left = all.flatMap((file) => {
      const of = ownName.exec(file)?.groups;
      const isLeft =
        of?.['name'] === name &&
        file !== own &&
        !claimed.has(file) &&
        !isAlive(Number(of['pid']), { file: join(directory, file), nowMs: nowMs(), own: pid });
      return isLeft ? [{ file, isOurs: of['run'] === undefined || of['run'] === session }] : [];
    });
    const ours = left.filter(({ isOurs }) => isOurs);
    const others = left.filter(({ isOurs }) => !isOurs).slice(0, maxFiles);
    return [...ours, ...others.filter(({ file }) => !isOfAnother(file))].slice(0, maxFiles).map(({ file }) => file);
  }

  return {
    keep: hold,
    drop,
    beat() {
      if (held.size === 0) return;
      try {
        utimesSync(join(directory, own), new Date(), new Date());
      } catch {
        // Somebody took it away: what is in it goes on all the same.
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        write();
      }
    },
    takeLeft: (target) =>
      orphans().flatMap((file) => {
        const from = join(directory, file);
        const at = ageOf(from);
        if (at === undefined || nowMs() - at < quietMs) return [];
        // Ours now: who comes second finds it gone.
        const taken = `${name}.${pid}.${ofRun}${newId()}${claimed.size + 1}.json`;
        const to = join(directory, taken);
        claimed.add(taken);
        try {
          renameSync(from, to);
        } catch {
          return [];
        }
        const left = tasksIn(to);
        const tasks = goOnWith(left, target);
        if (tasks.length < left.length) keepRest(to, tasks);
        for (const { id } of tasks) known.add(id);
        return [{ tasks, told: () => rmSync(to, { force: true }) }];
      }),
    wasLeft: (id) =>
      known.has(id) || orphans().some((file) => tasksIn(join(directory, file)).some((task) => task.id === id)),
    takenInMs(id) {
      const file = orphans().find((one) => tasksIn(join(directory, one)).some((task) => task.id === id));
      return file === undefined ? undefined : boundedWait((ageOf(join(directory, file)) ?? 0) + quietMs - nowMs());
    },
    waiting,
    untold: [],
  };
}

/** A file of the future, by a clock that was set back, is waited for no longer than any other. */
function boundedWait(ms: number): number {
  return Math.min(quietMs, Math.max(0, ms));
}

/** Nothing where it cannot be read. What is no file of its own (a pipe, a link to elsewhere) may never be read to its end. */
function textIn(file: string): string {
  try {
    const found = lstatSync(file);
    return !found.isFile() || found.size > maxBytes ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function ageOf(file: string): number | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function isAlive(
  pid: number,
  { file, nowMs, own }: { readonly file: string; readonly nowMs: number; readonly own: number },
): boolean {
  const at = ageOf(file);
  if (at === undefined || nowMs - at > longestMs) return false;
  // In a container that was started again each process has the number of the one before: with our own it is not that one.
  if (pid === own) return nowMs - at < quietMs;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
