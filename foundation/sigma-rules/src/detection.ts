import type { CidrNetwork } from './cidr.ts';
import type { RegexTest } from './regex.ts';
import type { TimeUnit } from './time-part.ts';
import type { PatternToken } from './wildcard.ts';

/** What a search identifier stands for. A list is an OR, a map an AND (Sigma rules specification, "Detection"). */
export type Detection =
  | { readonly kind: 'any' | 'all'; readonly of: readonly Detection[] }
  | { readonly kind: 'item'; readonly item: DetectionItem };

/** One `field|modifiers: values` of a rule, or its keywords, as plain data. */
export type DetectionItem = {
  /** Undefined for keywords: every value of the event is looked at. */
  readonly field: string | undefined;
  /** Values the rule lists. `any`: one must hold; `all` (the modifier): each must hold, on whichever of the field's values. */
  readonly quantifier: 'any' | 'all';
  /** `neq`: the outcome is turned round, so an absent field satisfies it. */
  readonly negated: boolean;
  /** For each listed value the tests it unfolded into, of which one must hold (`base64offset` and `expand` give several). */
  readonly values: readonly (readonly ValueTest[])[];
  readonly line: number;
};

export type CompareOperator = 'lt' | 'lte' | 'gt' | 'gte' | 'eq';

export type ValueTest =
  | { readonly kind: 'pattern'; readonly tokens: readonly PatternToken[]; readonly cased: boolean }
  | { readonly kind: 'regex'; readonly regex: RegexTest }
  | { readonly kind: 'number'; readonly number: number; readonly text: string }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly present: boolean }
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly number: number }
  | { readonly kind: 'time'; readonly unit: TimeUnit; readonly operator: CompareOperator; readonly number: number }
  | { readonly kind: 'cidr'; readonly network: CidrNetwork }
  | { readonly kind: 'field'; readonly field: string; readonly cased: boolean; readonly how: FieldComparison };

/** How the value must stand to the value of the other field. */
export type FieldComparison = 'equals' | 'startswith' | 'endswith' | 'contains';
