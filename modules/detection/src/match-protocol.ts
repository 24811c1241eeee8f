import type { FindingAttack, FindingLevel, FindingEntities, MatchedField } from '@sallyport/contracts';
import type { CorrelationType } from '@sallyport/sigma-rules';

/** The text of one rule file. `file` is what people see: the directory's name and the path in it. */
export type RuleSource = { readonly file: string; readonly text: string };

/** What is known of a loaded rule outside the matching thread. */
export type RuleSummary = {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly level: FindingLevel;
  readonly tags: readonly string[];
  readonly attacks: readonly FindingAttack[];
  readonly file: string;
  /** False when a correlation uses the rule and does not want findings of its own from it. */
  readonly generates: boolean;
  /** The rule is a correlation. */
  readonly correlation?: CorrelationDefinition;
};

/** When a correlation matches. */
export type CorrelationDefinition = {
  readonly type: CorrelationType;
  /** Ids of the rules whose matches it counts, in its order. */
  readonly ruleIds: readonly string[];
  readonly groupBy: readonly string[];
  readonly timespanMs: number;
  readonly atLeast: number;
  /** SHA-256 of everything that decides when it matches: what was counted for one definition says nothing about another. */
  readonly fingerprint: string;
};

/** A file, or a rule in it, that is not in force, and why. */
export type RuleRefusal = { readonly file: string; readonly line?: number; readonly reason: string };

/** The rules in force, and what is not in force and why. */
export type RuleSet = {
  /** SHA-256 over names and texts of all rule files, hex. */
  readonly hash: string;
  readonly rules: readonly RuleSummary[];
  readonly refusals: readonly RuleRefusal[];
};

export type RuleMatch = {
  readonly ruleId: string;
  readonly matched: readonly MatchedField[];
  /** Where correlations count the match. */
  readonly groups?: readonly CorrelationGroup[];
};

/** One correlation a match counts for. The values that tell groups apart leave the thread as hashes only, apart from `fields`. */
export type CorrelationGroup = {
  readonly correlationId: string;
  /** SHA-256 of the values of the group, hex. */
  readonly group: string;
  /** SHA-256 of what `value_count` counts, hex. */
  readonly value?: string;
  /** The group as people see it in a finding. */
  readonly fields: readonly MatchedField[];
};

/** What scanning one event came to. */
export type EventOutcome =
  /** An event of our own that rules do not look at: a finding, or one derived too many times. */
  | { readonly kind: 'own' }
  /** It could not be scanned; `reason` holds no content of the event. */
  | { readonly kind: 'unscannable'; readonly reason: string }
  | {
      readonly kind: 'scanned';
      readonly matches: readonly RuleMatch[];
      /** It has more fields, or deeper ones, than rules are shown: some may have missed what they look for. */
      readonly truncated: boolean;
      /** 0 for what came from outside. */
      readonly generation: number;
      readonly host?: string;
      readonly user?: string;
      readonly entities?: FindingEntities;
    };

/** To the thread. Bodies are packed into one transferred buffer; `ends` are the offsets where each stops. */
export type HostMessage =
  | { readonly kind: 'load'; readonly sources: readonly RuleSource[]; readonly progress: Int32Array }
  | { readonly kind: 'scan'; readonly packed: Uint8Array; readonly ends: readonly number[] };

/** From the thread. */
export type ThreadMessage =
  | { readonly kind: 'loaded'; readonly rules: readonly RuleSummary[]; readonly refusals: readonly RuleRefusal[] }
  /** At least one outcome, for the first of the bodies; the rest is asked for again. */
  | { readonly kind: 'scanned'; readonly outcomes: readonly EventOutcome[] };
