import type { FindingLevel, Position } from '@sallyport/contracts';

/** What an exception says: which matches of which rules are hidden, why and until when. */
export type ExceptionText = {
  readonly name: string;
  readonly reason: string;
  /** Ids of rules and correlations. */
  readonly rules: 'all' | readonly string[];
  /** Search identifiers and a condition, as under `filter` of a Sigma filter. */
  readonly condition: string;
  /** Further bounds, whole and in any case, on whom and what a finding names. */
  readonly host?: string;
  readonly user?: string;
  readonly site?: string;
  /** Events received from then on are told again; never when undefined. */
  readonly untilMs?: number;
};

export type Person = { readonly kind: string; readonly id: string; readonly name: string };

/** One text of an exception. It hides matches of events received from `fromMs` on and before `toMs`, by ledger time. */
export type ExceptionVersion = {
  readonly version: number;
  readonly text: ExceptionText;
  /** Undefined while a second person has to approve it. */
  readonly fromMs: number | undefined;
  /** When it expires, or was replaced or withdrawn. */
  readonly toMs: number | undefined;
  readonly madeAtMs: number;
  readonly madeBy: Person;
  readonly approvedBy: Person | undefined;
  /** What of the history it would have hidden, as it was tried before it was saved. */
  readonly trial: { readonly hidden: number; readonly of: number; readonly days: number } | undefined;
  readonly accepted: readonly Warning[];
  /** By id of a rule, from where it came then: another rule may take the id over. Empty for all rules, and in those made before this was kept. */
  readonly origins: ReadonlyMap<string, string>;
};

export type ExceptionState = 'proposed' | 'active' | 'expired' | 'withdrawn';

export type RuleException = {
  readonly id: string;
  /** One more with every change: who changes it says which one they saw. */
  readonly revision: number;
  readonly state: ExceptionState;
  /** The newest text first. */
  readonly versions: readonly ExceptionVersion[];
  readonly createdAtMs: number;
  readonly withdrawn: { readonly atMs: number; readonly by: Person; readonly reason: string } | undefined;
  /** Matches it hid. */
  readonly hidden: number;
  readonly lastHiddenAtMs: number | undefined;
  /** Its row was damaged: it hides nothing. */
  readonly isDamaged: boolean;
};

/** What somebody must have read before it is saved. */
export const warnings = {
  not_tried: 'It was not tried on what was found so far',
  nothing_found: 'Its rules found nothing it could be tried on',
  all_rules: 'It is for all rules, also for those to come',
  about_us: 'It hides findings about this server itself',
  about_self: 'It may hide findings about whoever makes it: a second person must approve it',
  never_expires: 'It never ends',
  hides_attack: 'It would have hidden findings that people judged to be an attack',
  hides_critical: 'It would have hidden critical findings',
  hides_all: 'It would have hidden everything its rules found',
} as const;
export type Warning = keyof typeof warnings;
export const warningCodes = Object.keys(warnings).filter(isWarning);

export function isWarning(text: string): text is Warning {
  return Object.hasOwn(warnings, text);
}

/** What is worth a look in the list. */
export type Hint =
  | 'expires_soon'
  | 'idle'
  | 'more_than_tried'
  | 'rule_not_in_force'
  | 'rule_from_elsewhere'
  | 'damaged';

/** A match that was hidden: where its event stands. */
export type HiddenPosition = { readonly position: Position; readonly atMs: number; readonly ruleId: string };

export const exceptionLimits = {
  /** That are not over; those for all rules among them. */
  exceptions: 500,
  forAllRules: 20,
  /** The last ones are for whoever manages settings: nobody else can use them up. */
  reserved: 50,
  /** Withdrawn and expired ones that are kept; the oldest go. The ledger keeps what was done. */
  over: 1000,
  versions: 100,
  rules: 100,
  conditionBytes: 65_536,
  /** Of all conditions together. */
  totalBytes: 8 * 1024 * 1024,
  positions: 20,
  /** Longer than this, or for ever, needs a further right. */
  longestMs: 366 * 86_400_000,
  defaultMs: 30 * 86_400_000,
} as const;

export const dayMs = 86_400_000;

/** A rule in force, as far as exceptions look at it. */
export type KnownRule = {
  readonly id: string;
  readonly title: string;
  readonly level: FindingLevel;
  /** The file it stands in. */
  readonly file: string;
  /** It looks at what this product says of itself. */
  readonly isAboutUs?: true;
  /** It looks at what is done with exceptions. */
  readonly isAboutExceptions?: true;
  /** Of a correlation: what it counts. */
  readonly correlation?: { readonly ruleIds: readonly string[] };
};

/** Where a rule comes from, by its file: ours, one's own, or a pack by its name. A new file of the same is no other place. */
export function originOf({ file }: Pick<KnownRule, 'file'>): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'packs' ? `${first}/${second}` : first;
}

export function originsOf(text: ExceptionText, rules: ReadonlyMap<string, KnownRule>): ReadonlyMap<string, string> {
  if (text.rules === 'all') return new Map();
  return new Map(
    text.rules.flatMap((id) => {
      const rule = rules.get(id);
      return rule === undefined ? [] : [[id, originOf(rule)]];
    }),
  );
}

export function stateOf(
  { versions: [newest], withdrawn }: Pick<RuleException, 'versions' | 'withdrawn'>,
  nowMs: number,
): ExceptionState {
  if (withdrawn !== undefined || newest === undefined) return 'withdrawn';
  const { fromMs, toMs } = newest;
  if (toMs !== undefined && toMs <= nowMs) return 'expired';
  return fromMs === undefined ? 'proposed' : 'active';
}

/** Whether a rule looks at this server, counts a rule that does however far down, or is counted, with such rules, by one that would fall silent with it. */
export function concernsServer(id: string, rules: ReadonlyMap<string, KnownRule>): boolean {
  const counting = [...rules.values()].filter(({ correlation }) => correlation !== undefined);
  const seen = new Set<string>([id]);
  // A set grows while it is walked.
  for (const one of seen) {
    if (reaches(one, rules, 'isAboutUs')) return true;
    for (const { id: above, correlation } of counting) if (correlation?.ruleIds.includes(one) === true) seen.add(above);
  }
  return false;
}

/** Whether a rule looks at what is done with exceptions, or counts one that does. */
export function watchesExceptions(id: string, rules: ReadonlyMap<string, KnownRule>): boolean {
  return reaches(id, rules, 'isAboutExceptions');
}

function reaches(id: string, rules: ReadonlyMap<string, KnownRule>, what: 'isAboutUs' | 'isAboutExceptions'): boolean {
  const seen = new Set<string>([id]);
  for (const one of seen) {
    const rule = rules.get(one);
    if (rule?.[what] === true) return true;
    for (const below of rule?.correlation?.ruleIds ?? []) seen.add(below);
  }
  return false;
}
