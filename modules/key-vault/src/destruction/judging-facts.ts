import type { DestructionRules } from '../destruction.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Section } from './section.ts';
import type { Evidence } from './time-evidence.ts';

/** What a destruction, or a change of who may agree to one, is judged by. */
export type JudgingFacts = {
  readonly vault: string;
  readonly section: Section;
  readonly records: readonly KeyRecord[];
  readonly evidence: Evidence;
  readonly observedMs: number;
  readonly nowMs: number;
  readonly rules: Pick<DestructionRules, 'maxKeysPerBatch'>;
};
