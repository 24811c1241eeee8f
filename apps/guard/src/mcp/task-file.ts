import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, itemsOf, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { replaceFile } from './locked-file.ts';

/** A task that a gateway had under way when it ended. Holds no argument and nothing that it brought. */
type LeftTask = {
  readonly id: string;
  readonly theirs: string;
  /** Of the server that has it. */
  readonly target: string;
  readonly callId: string;
  readonly tool: string;
  readonly digest?: string;
  readonly session?: string;
};

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
  /** What those left that are gone, each to one who asks; `told` once it stands in the record. */
  takeLeft(): readonly { readonly tasks: readonly LeftTask[]; readonly told: () => void }[];
  /** Whether a gateway that is gone had it. */
  wasLeft(id: string): boolean;
};

/** Of a process that is gone: it may be alive where we cannot see it, as in another container. */
const quietMs = 15_000;
/** Longer than any task takes: another process may have its number by now. */
const longestMs = 25 * 60 * 60_000;
const maxBytes = 1024 * 1024;
const maxFiles = 64;
const maxTasks = 1000;
/** What the record takes: what is longer was written by nobody of ours. */
const longest = { theirs: 1024, target: 4096, tool: 256, digest: 100, session: 64 } as const;

export function createTaskFile({
  directory,
  name,
  session,
  nowMs,
  newId,
  pid = process.pid,
}: {
  readonly directory: string;
  readonly name: string;
  readonly session?: string;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly pid?: number;
}): TaskFile {
  const own = `${name}.${pid}.${newId()}.json`;
  const held = new Map<string, LeftTask>();
  const known = new Set<string>();
  let claimed = 0;

  function write(): void {
    const file = join(directory, own);
    if (held.size === 0) rmSync(file, { force: true });
    else replaceFile(file, JSON.stringify([...held.values()]));
  }

  /** Files of processes of this name that are gone. */
  function orphans(): string[] {
    let all: string[];
    try {
      all = readdirSync(directory);
    } catch {
      return [];
    }
    return all
      .filter((file) => {
        const of = /^(?<name>[\w.-]{1,64})\.(?<pid>\d{1,10})\.[\w-]{1,64}\.json$/.exec(file)?.groups;
        return (
          of?.['name'] === name &&
          file !== own &&
          !isAlive(Number(of['pid']), { file: join(directory, file), nowMs: nowMs(), own: pid })
        );
      })
      .slice(0, maxFiles);
  }

  return {
    keep(task) {
      held.set(task.id, { ...task, ...(session === undefined ? {} : { session }) });
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        write();
      } catch (error) {
        held.delete(task.id);
        throw error;
      }
    },
    drop(id) {
      if (held.delete(id)) write();
    },
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
    takeLeft: () =>
      orphans().flatMap((file) => {
        const from = join(directory, file);
        const at = ageOf(from);
        if (at === undefined || nowMs() - at < quietMs) return [];
        // Ours now: who comes second finds it gone.
        const to = join(directory, `${name}.${pid}.${newId()}${(claimed += 1)}.json`);
        try {
          renameSync(from, to);
        } catch {
          return [];
        }
        const tasks = tasksIn(to);
        for (const { id } of tasks) known.add(id);
        return [{ tasks, told: () => rmSync(to, { force: true }) }];
      }),
    wasLeft: (id) =>
      known.has(id) || orphans().some((file) => tasksIn(join(directory, file)).some((task) => task.id === id)),
  };
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

/** What cannot be read was nobody's task. */
function tasksIn(file: string): LeftTask[] {
  try {
    // What is no file of its own (a pipe, a link to elsewhere) may never be read to its end.
    const found = lstatSync(file);
    if (!found.isFile() || found.size > maxBytes) return [];
    return itemsOf(parseJson(readFileSync(file, 'utf8')))
      .slice(0, maxTasks)
      .flatMap((one) => (isJsonObject(one) ? taskIn(one) : []));
  } catch {
    return [];
  }
}

function taskIn(one: JsonObject): LeftTask[] {
  const { digest, session } = one;
  const [id, theirs, target, callId, tool] = ['id', 'theirs', 'target', 'callId', 'tool'].map((name) =>
    textOf(one[name]),
  );
  if (id === undefined || theirs === undefined || target === undefined || callId === undefined || tool === undefined)
    return [];
  if (!/^[\w-]{8,64}$/.test(id) || !/^[\w-]{8,64}$/.test(callId) || theirs === '' || tool === '') return [];
  if (Object.entries(longest).some(([field, most]) => textOf(one[field]).length > most)) return [];
  return [
    {
      id,
      theirs,
      target,
      callId,
      tool,
      ...(typeof digest === 'string' ? { digest } : {}),
      ...(typeof session === 'string' ? { session } : {}),
    },
  ];
}
