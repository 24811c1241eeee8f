import type { Explained } from './explain.ts';
import type { RecordedDecision, RecordedRequest } from './recorded-decision.ts';
import type { RecordedAnswer } from './recorded-tasks.ts';

/** A decision of the past, and what the policies that were in force then say to the same question. */
export type PastExplained = {
  readonly decision: RecordedDecision;
  /** The question that is explained: of several in one record, the first. */
  readonly request: RecordedRequest | undefined;
  /** By the policies that were in force then; `version` 0: the bundled ones alone. */
  readonly atTheTime: { readonly version: number; readonly explained: Explained; readonly agrees: boolean } | undefined;
  /** Why there is no `atTheTime`. */
  readonly untold: string | undefined;
  /** The same question of what is in force now. */
  readonly now: RecordedAnswer | undefined;
  /** All of it in sentences, in order. */
  readonly story: readonly string[];
};
