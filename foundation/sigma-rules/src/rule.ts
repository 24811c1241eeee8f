import type { Condition } from './condition.ts';
import type { Detection } from './detection.ts';

export type SigmaLevel = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type SigmaStatus = 'stable' | 'test' | 'experimental' | 'deprecated' | 'unsupported';

/** Where a rule looks. Values are lower case. */
export type SigmaLogSource = {
  readonly category: string | undefined;
  readonly product: string | undefined;
  readonly service: string | undefined;
  readonly definition: string | undefined;
};

/** A detection rule of Sigma 2.1, checked, with its detection parsed. Plain data: it may be sent to a worker. */
export type SigmaRule = {
  /** The rule's `id`; where it has none its `name`; else `file:line`. */
  readonly id: string;
  readonly name: string | undefined;
  readonly title: string;
  readonly level: SigmaLevel | undefined;
  readonly status: SigmaStatus | undefined;
  readonly description: string | undefined;
  readonly author: string | undefined;
  readonly license: string | undefined;
  readonly date: string | undefined;
  readonly modified: string | undefined;
  readonly taxonomy: string;
  readonly tags: readonly string[];
  readonly references: readonly string[];
  readonly falsepositives: readonly string[];
  /** Custom attribute `response`: what to do first about a match. */
  readonly response: string | undefined;
  readonly fields: readonly string[];
  readonly scope: readonly string[];
  readonly related: readonly { readonly id: string; readonly type: string }[];
  readonly logsource: SigmaLogSource;
  /** Search identifiers by name. */
  readonly detections: ReadonlyMap<string, Detection>;
  readonly condition: Condition;
  readonly file: string;
  /** 1-based line on which the document begins. */
  readonly line: number;
};
