import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WitnessError } from '../errors.ts';

/** SQLITE_BUSY. */
const busy = 5;

/**
 * A kernel lock that goes with the process, however it ends: `serving` one witness a state, `logs` one change of its list.
 * Throws `state_locked`.
 */
export function lockState(directory: string, what: 'serving' | 'logs', waitMs: number): Disposable {
  const lock = new DatabaseSync(join(directory, `${what}.lock`), { timeout: waitMs });
  try {
    lock.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE;');
  } catch (cause) {
    lock.close();
    if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === busy)) throw cause;
    throw new WitnessError('state_locked', `Cannot use "${directory}": another process holds it`, {
      cause,
      hint: what === 'serving' ? 'stop the other witness first' : 'another change of the logs is under way; try again',
    });
  }
  return { [Symbol.dispose]: () => lock.close() };
}
