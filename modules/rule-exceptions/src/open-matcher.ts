import type { RuleSource } from '@sallyport/detection';
import { parseExceptionCondition } from '@sallyport/sigma-rules';
import type { KnownRule } from './exception.ts';
import type { Matcher, RuleExceptionNeeds } from './needs.ts';

/** Serves the rules of other files: it is read whatever is asked for. */
const servesOthers = /^\uFEFF?(?:field-mapping|placeholders|filter)\s*:/m;

/** Longer texts are read in a thread of their own before anything else reads them: what is hostile ends there. */
const shortText = 4096;

/** Why a condition cannot be honoured. */
export async function conditionFault(
  condition: string,
  needs: Pick<RuleExceptionNeeds, 'openMatcher'>,
): Promise<{ readonly line: number; readonly reason: string } | undefined> {
  if (condition.length <= shortText) {
    const parsed = parseExceptionCondition(condition);
    return parsed.kind === 'refused' ? parsed.refusal : undefined;
  }
  const matcher = await needs.openMatcher([]);
  try {
    const refusals = await matcher.except([{ key: 'checked', rules: [], condition }]);
    return refusals === undefined ? { line: 1, reason: 'Reading it ended the thread that reads it' } : refusals[0];
  } finally {
    await matcher.close();
  }
}

/** A matcher for these rules and those that correlations among them count. */
export async function openMatcherFor(
  rules: 'all' | readonly string[],
  needs: Pick<RuleExceptionNeeds, 'rules' | 'sources' | 'openMatcher'>,
): Promise<Matcher> {
  const sources = await needs.sources();
  return needs.openMatcher(rules === 'all' ? sources : sourcesOf(rules, needs.rules(), sources));
}

function sourcesOf(
  ids: readonly string[],
  rules: readonly KnownRule[],
  sources: readonly RuleSource[],
): readonly RuleSource[] {
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  const files = new Set<string>();
  const seen = new Set<string>();
  const add = (id: string): void => {
    const rule = known.get(id);
    if (rule === undefined || seen.has(id)) return;
    seen.add(id);
    files.add(rule.file);
    rule.correlation?.ruleIds.forEach(add);
  };
  ids.forEach(add);
  return sources.filter(({ file, text }) => files.has(file) || servesOthers.test(text));
}
