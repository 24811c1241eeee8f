import type { Condition } from './condition.ts';
import type { Detection } from './detection.ts';
import type { SigmaLogSource } from './rule.ts';

/** A filter of Sigma 2.1, checked: what it selects is no match of the rules it names. Plain data. */
export type SigmaFilter = {
  /** The filter's `id`; where it has none its `name`; else `file:line`. */
  readonly id: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly taxonomy: string;
  readonly logsource: SigmaLogSource;
  /** Ids or names of rules, each with its line; `any`: every rule of the log source (announced for 2.2). */
  readonly rules: 'any' | readonly { readonly name: string; readonly line: number }[];
  readonly detections: ReadonlyMap<string, Detection>;
  readonly condition: Condition;
  readonly file: string;
  /** 1-based line on which the document begins. */
  readonly line: number;
};
