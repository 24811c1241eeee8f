import type { Position } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { EventEntities } from './event-entities.ts';
import type { MatchException } from './match-exception.ts';

/** The exceptions there are while a lot of events is scanned. */
export type ExceptionSet = {
  /** Another number whenever `conditions` changed. */
  readonly revision: number;
  /** Of every exception that can be in force for events that are not scanned yet. */
  readonly conditions: readonly MatchException[];
};

/** A match, or a correlation that came true, as exceptions see it. */
export type HiddenMatch = { readonly ruleId: string; readonly position: Position; readonly receivedAtMs: number };

/** A correlation that came true: judged by its group and by how many events it rests on, not by an event. */
export type CorrelationMatch = HiddenMatch & {
  readonly fields: readonly { readonly field: string; readonly value: string }[];
  readonly events: number;
  readonly about: EventEntities;
};

/**
 * What keeps exceptions, as detection needs it. An exception is in force for events received from one ledger time to another, so that a range
 * applied again gives the same answers, whatever was changed in between. What it hid is counted in the transaction that moves the cursor.
 */
export type Exceptions = {
  /** Before events up to this ledger time are scanned: waits for a change under way. */
  before(newestMs: number): Promise<ExceptionSet>;
  /** Whether one of the exceptions named by `keys` hides the match; it is counted then. */
  hides(match: HiddenMatch & { readonly keys: readonly string[] }): boolean;
  hidesCorrelation(match: CorrelationMatch): boolean;
  /** Forgets what was counted and not saved. `head`: positions from there on are no more. */
  restore(head?: Position): Promise<void>;
  /** What was counted since the last call, and how far was scanned. */
  save(transaction: Transaction): Promise<void>;
};

/** Nothing is hidden. */
export const noExceptions: Exceptions = {
  before: async () => ({ revision: 0, conditions: [] }),
  hides: () => false,
  hidesCorrelation: () => false,
  restore: async () => undefined,
  save: async () => undefined,
};
