import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDatabaseBusy } from './disk-errors.ts';
import { LedgerError } from './errors.ts';

/** One writer a directory, ever: a kernel lock that goes with the process, however it ends. Returns what lets it go. */
export function lockDirectory(directory: string, waitMs: number): () => void {
  const lock = new DatabaseSync(join(directory, 'lock.db'), { timeout: waitMs });
  try {
    lock.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE;');
  } catch (cause) {
    lock.close();
    if (!isDatabaseBusy(cause)) throw cause;
    throw new LedgerError('ledger_locked', `Cannot open the ledger in "${directory}": another process holds it`, {
      cause,
      hint: 'stop the other server first',
    });
  }
  return () => lock.close();
}
