import type { Clock } from '@sallyport/platform/clock';
import type { HostFiles } from './host-files.ts';
import { listProcesses, readStat } from './proc-processes.ts';

/**
 * Whether a daemon that ran here is gone. A log whose writer was stopped looks like one in which nothing happens. Where none
 * was ever seen, as in a container that only has the files, nothing is said.
 */
export type DaemonWatch = { gone(): string | undefined };

const lookEveryMs = 10_000;

/** `names` as the kernel cuts them, to 15 characters. */
export function createDaemonWatch(files: HostFiles, clock: Clock, names: readonly string[]): DaemonWatch {
  let seen: string | undefined;
  let isGone = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    gone() {
      if (clock.monotonicMs() - lastMs >= lookEveryMs) {
        lastMs = clock.monotonicMs();
        const found = listProcesses(files)
          .map((processId) => readStat(files, processId)?.name ?? '')
          .find((name) => names.includes(name));
        isGone = found === undefined && seen !== undefined;
        seen = found ?? seen;
      }
      return isGone ? seen : undefined;
    },
  };
}
