import { readdirSync, readFileSync } from 'node:fs';

export type Descendant = { readonly pid: number; readonly commandLine: string };

/** The processes started by a process and by those it started, zombies not counted. Linux only; elsewhere none. */
function descendantsOf(pid: number): Descendant[] {
  return childrenOf(pid).flatMap((child) => {
    const commandLine = textOf(`/proc/${child}/cmdline`).replaceAll('\0', ' ').trim();
    // Only a zombie has none.
    const own = commandLine === '' ? [] : [{ pid: child, commandLine }];
    return [...own, ...descendantsOf(child)];
  });
}

/** Ends them at once, and says which there were. */
export function endDescendants(pid: number): Descendant[] {
  const found = descendantsOf(pid);
  for (const descendant of found) end(descendant.pid);
  return found;
}

/** Ends those of this process whose command line ends so, whatever they are busy with, and all that they started. */
export function endRunning(commandLineEnd: string): void {
  for (const { pid, commandLine } of descendantsOf(process.pid)) {
    if (!commandLine.endsWith(commandLineEnd)) continue;
    endDescendants(pid);
    end(pid);
  }
}

/**
 * Processor time of all processes this one has started that have ended, and of those they waited for: what a kill leaves
 * without parents is not in it.
 */
export function secondsOfEnded(): number {
  const stat = textOf('/proc/self/stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // proc_pid_stat(5): cutime and cstime, the sixteenth and the seventeenth, in hundredths wherever Node runs.
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / 100;
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** A child belongs to the thread that started it. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      textOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
