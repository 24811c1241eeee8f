import type { Clock } from '@sallyport/platform/clock';
import type { HostFiles } from './host-files.ts';
import { listProcesses, readCommandLine, readStat } from './proc-processes.ts';

/**
 * Whether a daemon that ran here is gone. A log whose writer was stopped looks like one in which nothing happens. Where none
 * was ever seen, as in a container that only has the files, nothing is said.
 */
export type DaemonWatch = { gone(): string | undefined };

const lookEveryMs = 10_000;

/** The kernel cuts the names of processes. */
const maxNameLength = 15;

/** `names` in full: one that is cut is told from others that begin with it, as journald from journal-upload, by its command line. */
export function createDaemonWatch(files: HostFiles, clock: Clock, names: readonly string[]): DaemonWatch {
  let seen: string | undefined;
  let isGone = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    gone() {
      if (clock.monotonicMs() - lastMs >= lookEveryMs) {
        lastMs = clock.monotonicMs();
        const found = names.find((name) => listProcesses(files).some((processId) => runs(files, processId, name)));
        isGone = found === undefined && seen !== undefined;
        seen = found ?? seen;
      }
      return isGone ? seen : undefined;
    },
  };
}

function runs(files: HostFiles, processId: number, name: string): boolean {
  if (readStat(files, processId)?.name !== name.slice(0, maxNameLength)) return false;
  if (isInContainer(files, processId)) return false;
  if (name.length <= maxNameLength) return true;
  const [program = ''] = readCommandLine(files, processId)?.split(' ', 1) ?? [];
  return program.slice(program.lastIndexOf('/') + 1) === name;
}

/** It has another id there, and writes the logs of the container, which come and go with it. */
function isInContainer(files: HostFiles, processId: number): boolean {
  const ids = /^NSpid:[\t ]*(.*)$/m.exec(files.text(`/proc/${processId}/status`, 8192) ?? '')?.[1];
  return ids !== undefined && ids.trim().split(/\s+/).length > 1;
}
