import { codeOf } from '@sallyport/platform/errors';
import { isDiskFull } from './disk-errors.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { Log } from './log.ts';

/** Called every second: a checkpoint of what came since where the log may be signed, and its derived files synced behind it. */
export function createSettling(needs: {
  readonly disk: Pick<DiskWatch, 'look'>;
  readonly fatal: (error: unknown) => never;
}): (log: Pick<Log, 'signing' | 'publishBeside' | 'settle'>) => Promise<void> {
  let publishing = false;
  let settling = false;

  /** Whether to go on with derived files. */
  async function publish(log: Pick<Log, 'signing' | 'publishBeside'>): Promise<boolean> {
    publishing = true;
    try {
      needs.disk.look();
      if (log.signing() === 'open') await log.publishBeside();
      return true;
    } catch (error) {
      // A checkpoint can wait for room on the disk; entries are safe without it. A log that was closed meanwhile needs none.
      if (!isDiskFull(error) && codeOf(error) !== 'unavailable') needs.fatal(error);
      return false;
    } finally {
      publishing = false;
    }
  }

  async function settle(log: Pick<Log, 'settle'>): Promise<void> {
    settling = true;
    try {
      await log.settle();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && !isDiskFull(error)) needs.fatal(error);
    } finally {
      settling = false;
    }
  }

  return async (log) => {
    if (publishing || !(await publish(log)) || settling) return;
    await settle(log);
  };
}
