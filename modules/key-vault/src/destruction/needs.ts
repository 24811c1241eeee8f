import type { DestructionRules } from '../destruction.ts';
import type { Clock } from '@sallyport/platform/clock';

/** The ledger beside the vault, in the same process. */
export type KeyRecords = {
  /** Durable when it resolves. The same sequence again gives the position it has. */
  append(entry: { readonly sequence: number; readonly body: Uint8Array }): Promise<{ log: number; index: number }>;
  /** What was recorded under a sequence, in any log; `body` undefined when its own key is gone. */
  find(sequence: number): { log: number; index: number; body: Uint8Array | undefined } | undefined;
  /** Which log was exactly so, if one of ours was. */
  logOf(checkpoint: { origin: string; treeSize: number; root: Uint8Array }): number | undefined;
  /** The event of an evidence file of one of our logs; undefined for anything else. */
  eventOf(evidence: string): unknown;
};

export type DestructionNeeds = {
  readonly records: KeyRecords;
  readonly rules: DestructionRules;
  /** Its monotonic time must stand still while the machine sleeps: only time seen running counts. */
  readonly running: Clock;
  /** These keys are beyond recall here: whoever keeps copies of what they sealed is to be told. */
  readonly removed: (keyIds: readonly string[]) => void;
};
