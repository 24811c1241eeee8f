import { codeOf } from '@sallyport/platform/errors';
import { isDiskFull } from './disk-errors.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { Log } from './log.ts';

/** Called every second: a checkpoint of what came since where the log may be signed, and its derived files synced behind it. */
export function createSettling(needs: {
  readonly disk: Pick<DiskWatch, 'look'>;
  readonly fatal: (error: unknown) => never;
}): (log: Pick<Log, 'signing' | 'publish' | 'settle'>) => void {
  let settling = false;
  return (log) => {
    try {
      needs.disk.look();
      if (log.signing() === 'open') log.publish();
    } catch (error) {
      // A checkpoint can wait for room on the disk; entries are safe without it.
      if (!isDiskFull(error)) needs.fatal(error);
      return;
    }
    if (settling) return;
    settling = true;
    log
      .settle()
      .catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT' && !isDiskFull(error)) needs.fatal(error);
      })
      .finally(() => {
        settling = false;
      });
  };
}
