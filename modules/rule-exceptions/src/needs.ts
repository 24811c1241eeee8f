import type { FindingLevel, Position } from '@sallyport/contracts';
import type { RuleMatcher, RuleSource } from '@sallyport/detection';
import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { KnownRule } from './exception.ts';

/** A finding that is stored, with what became of its alert. */
export type StoredFinding = {
  readonly position: Position;
  /** The event it was found in. */
  readonly input: Position;
  readonly atMs: number;
  readonly alertId: string;
  readonly ruleId: string;
  readonly title: string;
  readonly level: FindingLevel;
  readonly disposition?: string;
};

export type Matcher = Pick<RuleMatcher, 'match' | 'except' | 'close'>;

export type RuleExceptionNeeds = {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: what exceptions say is kept sealed. */
  readonly sealingKey: Uint8Array;
  /** Those in force. */
  readonly rules: () => readonly KnownRule[];
  /** Their files, read now. */
  readonly sources: () => Promise<readonly RuleSource[]>;
  /** A matcher of its own, with a thread of its own, for these files: evaluates as live detection does; hostile texts end only its thread. */
  readonly openMatcher: (sources: readonly RuleSource[]) => Promise<Matcher>;
  /** Findings since then, those of suppressed alerts included, newest first, behind `before`. */
  readonly findings: (asked: {
    readonly rules: 'all' | readonly string[];
    readonly sinceMs: number;
    readonly before?: Position;
    readonly limit: number;
  }) => Promise<readonly StoredFinding[]>;
  readonly countFindings: (asked: {
    readonly rules: 'all' | readonly string[];
    readonly sinceMs: number;
  }) => Promise<number>;
};
