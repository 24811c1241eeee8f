import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { exactTextsOf, mayMeanText, parseExceptionCondition } from '@sallyport/sigma-rules';
import { RuleExceptionError } from './errors.ts';
import { concernsServer, exceptionLimits, warnings, watchesExceptions } from './exception.ts';
import type { ExceptionText, ExceptionVersion, KnownRule, RuleException, Warning } from './exception.ts';
import { countUnended } from './exception-store.ts';
import type { RuleExceptionNeeds } from './needs.ts';
import { conditionFault } from './open-matcher.ts';
import type { Trials } from './trials.ts';

export type NewException = {
  readonly text: ExceptionText;
  /** Of the same rules, condition and bounds, by the same caller. */
  readonly trialId?: string;
  readonly accepted: readonly Warning[];
  readonly by: Principal;
};

/** What a text must come through before it is tried or saved. */
export type TextChecks = {
  /** Throws `exception_invalid`, `exception_rule_unknown`, `exception_condition_refused`. */
  refuseUnsound(text: ExceptionText): Promise<void>;
  /** Throws `exception_not_allowed`. */
  refuseUnallowed(text: ExceptionText, by: Principal): void;
  /** What decides over a text: who asked must have read all of it. Throws `exception_unaccepted`, `trial_not_found`. */
  weigh(asked: NewException): Pick<ExceptionVersion, 'trial' | 'accepted'> & { readonly isAboutSelf: boolean };
  /** It may hide what rules about this server find. */
  concernsUs(text: ExceptionText): boolean;
  needsFurtherRight(text: ExceptionText): boolean;
};

export function createTextChecks(needs: RuleExceptionNeeds, trials: Pick<Trials, 'outcomeFor'>): TextChecks {
  const { clock } = needs;
  const knownRules = (): Map<string, KnownRule> => new Map(needs.rules().map((rule) => [rule.id, rule]));

  async function refuseUnsound(text: ExceptionText): Promise<void> {
    const { untilMs, rules } = text;
    // Not a number: a second that only a leap has.
    if (untilMs !== undefined && !(untilMs > clock.nowMs()))
      throw new RuleExceptionError('exception_invalid', `Cannot except until ${untilMs} ms: must lie in the future`);
    const known = knownRules();
    for (const id of rules === 'all' ? [] : rules) {
      if (!known.has(id))
        throw new RuleExceptionError(
          'exception_rule_unknown',
          `Cannot except rule "${id}": no rule in force has this id`,
        );
      if (watchesExceptions(id, known))
        throw new RuleExceptionError(
          'exception_invalid',
          `Cannot except rule "${id}": it watches exceptions, which none can hide`,
          { hint: 'suppress its alerts instead' },
        );
    }
    const isBounded = text.host !== undefined || text.user !== undefined || text.site !== undefined;
    if (rules === 'all' && !isBounded)
      throw new RuleExceptionError(
        'exception_invalid',
        'Cannot except all rules everywhere: must name a host, a user or a site besides its condition',
      );
    const refusal = await conditionFault(text.condition, needs);
    if (refusal === undefined) return;
    throw new RuleExceptionError(
      'exception_condition_refused',
      `Cannot take the condition, line ${refusal.line}: ${refusal.reason}`,
      { details: { line: refusal.line, reason: refusal.reason } },
    );
  }

  const concernsUs = ({ rules }: ExceptionText): boolean => {
    const known = knownRules();
    return rules === 'all' || rules.some((id) => concernsServer(id, known));
  };

  function needsFurtherRight(text: ExceptionText): boolean {
    const { untilMs, rules } = text;
    const isLong = untilMs === undefined || untilMs - clock.nowMs() > exceptionLimits.longestMs + 60_000;
    return isLong || rules === 'all' || concernsUs(text);
  }

  function refuseUnallowed(text: ExceptionText, by: Principal): void {
    if (!needsFurtherRight(text) || by.scopes.includes('settings:manage')) return;
    throw new RuleExceptionError(
      'exception_not_allowed',
      'Cannot except this: for all rules, for rules about this server, without an end or for more than a year it takes whoever manages settings',
    );
  }

  function weigh({ text, trialId, accepted, by }: NewException): ReturnType<TextChecks['weigh']> {
    const outcome = trialId === undefined ? undefined : trials.outcomeFor(trialId, text, by);
    const isAboutSelf = outcome?.hidesOwn === true || isAbout(text, by.name);
    const found = new Set<Warning>([
      ...(outcome === undefined ? (['not_tried'] as const) : outcome.warnings),
      ...(outcome?.promise.of === 0 ? (['nothing_found'] as const) : []),
      ...(text.rules === 'all' ? (['all_rules'] as const) : []),
      ...(concernsUs(text) ? (['about_us'] as const) : []),
      ...(text.untilMs === undefined ? (['never_expires'] as const) : []),
      ...(isAboutSelf ? (['about_self'] as const) : []),
    ]);
    const open = [...found].filter((code) => !accepted.includes(code));
    if (open.length > 0) {
      throw new RuleExceptionError(
        'exception_unaccepted',
        `Cannot save the exception: ${open.map((code) => warnings[code]).join('; ')}`,
        { details: { warnings: open }, hint: `accept ${open.join(', ')} to save it all the same` },
      );
    }
    return { trial: outcome?.promise, accepted: [...found], isAboutSelf };
  }

  return { refuseUnsound, refuseUnallowed, weigh, concernsUs, needsFurtherRight };
}

/** Throws `exceptions_exhausted`. */
export async function refuseTooMany(
  transaction: Transaction,
  { text, by }: Pick<NewException, 'text' | 'by'>,
  nowMs: number,
  /** The exception that is changed: it counts as it will be, and has its place unless it was over. */
  changed?: Pick<RuleException, 'id' | 'state'>,
): Promise<void> {
  const { exceptions, forAllRules, conditionBytes } = await countUnended(transaction, nowMs, changed?.id);
  const hasPlace = changed !== undefined && changed.state !== 'expired';
  const mayUseAll = hasPlace || by.scopes.includes('settings:manage');
  const mayUse = exceptionLimits.exceptions - (mayUseAll ? 0 : exceptionLimits.reserved);
  const bytes = conditionBytes + Buffer.byteLength(text.condition);
  const isTooMany =
    exceptions >= mayUse ||
    bytes > exceptionLimits.totalBytes ||
    (text.rules === 'all' && forAllRules >= exceptionLimits.forAllRules);
  if (!isTooMany) return;
  throw new RuleExceptionError(
    'exceptions_exhausted',
    `Cannot add an exception: there are ${exceptions} (${forAllRules} for all rules) with ${bytes} bytes of conditions, must be at most ${mayUse} (${exceptionLimits.forAllRules}) and ${exceptionLimits.totalBytes}`,
    { hint: 'withdraw those that hide nothing' },
  );
}

/** Whether it may hide what somebody of this name did: it names them, or a wildcard or expression of it could mean them and no user bounds it. */
function isAbout(text: ExceptionText, name: string): boolean {
  if (namesOf(text).has(name.toLowerCase())) return true;
  const parsed = parseExceptionCondition(text.condition);
  return text.user === undefined && parsed.kind === 'condition' && mayMeanText(parsed.condition, name);
}

/** Whole values that the text names, in lower case: whoever stands among them is whom it is about. */
export function namesOf(text: ExceptionText): Set<string> {
  const parsed = parseExceptionCondition(text.condition);
  const texts = parsed.kind === 'condition' ? exactTextsOf(parsed.condition) : [];
  return new Set([...texts, ...(text.user === undefined ? [] : [text.user])].map((name) => name.toLowerCase()));
}
