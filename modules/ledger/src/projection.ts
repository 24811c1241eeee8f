import type { Position } from '@sallyport/contracts';
import type { LedgerRange } from './ledger.ts';

/**
 * A reader of the ledger's feed that keeps its own derived state. `createProjectionRunner` drives it:
 * load → (repair) → read the next range → apply → …
 * Idempotence by (log, index) is the projection's duty: `apply` may be called again with the same range
 * after a crash, and must leave the same state.
 */
export type Projection = {
  /** Stable name, used for health, logs and derived ids. */
  readonly name: string;
  /**
   * The next position to apply, from the projection's own store. Called at start and after a failure.
   * When a range was begun and not finished, returns it as `unfinished`: the runner then reads exactly those bounds again.
   */
  load(head: Position): Promise<{ cursor: Position; unfinished?: { from: Position; to: Position } }>;
  /** Applies one range and commits the cursor `range.to` with it. Throwing means: nothing may be assumed, load again. */
  apply(range: LedgerRange): Promise<void>;
};

export type ProjectionHealth = {
  readonly name: string;
  readonly state: 'starting' | 'running' | 'caught up' | 'retrying' | 'stopped';
  readonly cursor: Position;
  readonly eventsApplied: number;
  readonly lastError?: string;
};
