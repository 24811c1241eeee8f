import type { RuleMatcher, RuleSource } from '@sallyport/detection';
import type { RowScan } from '@sallyport/event-search';
import type { CorrelationDefinition } from '@sallyport/sigma-rules';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { HeldForNow } from './hunt.ts';
import type { planInThread } from './plan-thread.ts';

export type { RuleSource };

export type HuntMatcher = Pick<RuleMatcher, 'match' | 'close'> & {
  readonly rules: Pick<ReadonlyMap<string, { readonly correlation?: CorrelationDefinition }>, 'has' | 'get'>;
};

export type HuntingNeeds = {
  readonly rows: RowScan;
  readonly rules: {
    /** The files of the rules in force, read now. */
    sources(): Promise<readonly RuleSource[]>;
    /** A matcher of its own for these files, which evaluates as live detection does; hostile files and events end only its thread. */
    open(sources: readonly RuleSource[]): Promise<HuntMatcher>;
  };
  /** Reads rules and says what to look for; by default in a thread of its own. */
  readonly plan?: typeof planInThread;
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: what was asked for, and the texts of the rules, are kept sealed. */
  readonly sealingKey: Uint8Array;
  /** Resolves after `ms`, or at once when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** False while live detection is behind: hunts then wait. */
  readonly mayRun?: () => boolean;
  /**
   * What the holder of `kind/id` may do now, with what they hold for a time as long as they do; undefined: there is nobody of this
   * name any more. By default rights are those of the start.
   */
  readonly scopesOf?: (owner: string, heldForNow?: HeldForNow) => Promise<readonly string[] | undefined>;
  /** What goes wrong in the background; holds nothing of events. */
  readonly log: (message: string, details: Readonly<Record<string, string>>) => void;
};
