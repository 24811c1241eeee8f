import type { FindingAttack, FindingLevel, FindingEntities, MatchedField } from '@sallyport/contracts';
import type { ExceptionRefusal, MatchException } from './match-exception.ts';
import type { CorrelationDefinition, CorrelationGroup, MatchingCosts, SigmaStatus } from '@sallyport/sigma-rules';

/** The text of one rule file. `file` is what people see: the directory's name and the path in it. */
export type RuleSource = { readonly file: string; readonly text: string };

/** What is known of a loaded rule outside the matching thread. */
export type RuleSummary = {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  /** Who wrote it, as the rule says. */
  readonly author?: string;
  /** What to do first about a match. */
  readonly response?: string;
  readonly level: FindingLevel;
  readonly tags: readonly string[];
  readonly attacks: readonly FindingAttack[];
  readonly file: string;
  /** False when a correlation uses the rule and does not want findings of its own from it. */
  readonly generates: boolean;
  /** The rule looks at what this product says of itself. */
  readonly isAboutUs?: true;
  /** It looks at what is done with exceptions: none hides what it finds. */
  readonly isAboutExceptions?: true;
  /** How far its author trusts it, where the rule says. */
  readonly status?: SigmaStatus;
  /** Where the rule looks; not of correlations. */
  readonly logSource?: { readonly product?: string; readonly category?: string; readonly service?: string };
  /** The rule is a correlation. */
  readonly correlation?: CorrelationDefinition;
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
  /** Where correlations count the match. The values that tell groups apart leave the thread as hashes only, apart from `fields`. */
  readonly groups?: readonly CorrelationGroup[];
  /** Keys of the exceptions that hold for its event, whether or not they are in force; left out where there is none. */
  readonly excepted?: readonly string[];
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
      /** Where it comes from as rules ask for it, see `nameOfLogSource`. */
      readonly logSource?: string;
      /** 0 for what came from outside. */
      readonly generation: number;
      /** Who sent it, as intake stamped it, and the time it claims. */
      readonly source: string;
      readonly claimedMs?: number;
      /** Whom it is about, where something matches. */
      readonly host?: string;
      readonly user?: string;
      readonly entities?: FindingEntities;
    };

/** To the thread. Bodies are packed into one transferred buffer; `ends` are the offsets where each stops. */
export type HostMessage =
  | { readonly kind: 'load'; readonly sources: readonly RuleSource[]; readonly progress: Int32Array }
  /** Replaces the exceptions; those of one key are the same. */
  | { readonly kind: 'except'; readonly exceptions: readonly MatchException[] }
  | { readonly kind: 'scan'; readonly packed: Uint8Array; readonly ends: readonly number[] };

/** What rules cost in events that were measured, as `MatchingCosts` with the ids of rules. */
export type EventCosts = Pick<MatchingCosts, 'events' | 'measured' | 'sharedMs'> & {
  readonly rules: readonly (Omit<MatchingCosts['rules'][number], 'position'> & { readonly ruleId: string })[];
};

/** From the thread. */
export type ThreadMessage =
  | { readonly kind: 'loaded'; readonly rules: readonly RuleSummary[]; readonly refusals: readonly RuleRefusal[] }
  | { readonly kind: 'excepted'; readonly refusals: readonly ExceptionRefusal[] }
  /** At least one outcome, for the first of the bodies; the rest is asked for again. */
  | { readonly kind: 'scanned'; readonly outcomes: readonly EventOutcome[]; readonly costs?: EventCosts };
