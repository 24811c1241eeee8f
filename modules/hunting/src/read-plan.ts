import type { RuleSource } from '@sallyport/detection';
import { loadSigmaRuleSet, type SigmaCorrelation, type SigmaRule } from '@sallyport/sigma-rules';
import { rowNeedOf, type RowNeed } from '@sallyport/sigma-rules/sql';

export type PlannedRule = {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  readonly file: string;
  readonly isCorrelation: boolean;
};

/** What a hunt looks for. Plain data. */
export type HuntPlan = {
  readonly rules: readonly PlannedRule[];
  /** What events must hold for any of the rules to match; correlations, which count what others match, have none. */
  readonly needs: readonly RowNeed[];
  /** The files with the rules in them, and those with filters, field mappings and placeholder values, which are part of rules. */
  readonly sources: readonly RuleSource[];
  /** What cannot be hunted, and why, for people. */
  readonly left: readonly string[];
};

/** Which rules: by id or name, those of one file, or all. */
export type WantedRules = { readonly ids: readonly string[] } | { readonly file: string } | 'all';

const maxNotes = 20;
const ownProduct = 'sallyport';

/**
 * Reads rule files and says what to look for. A correlation brings the rules it counts.
 * Never throws for what stands in them.
 */
export function readPlan(sources: readonly RuleSource[], wanted: WantedRules): HuntPlan {
  const set = loadSigmaRuleSet(sources, { maxLength: 4 * 1024 * 1024 });
  const names = new Set(typeof wanted === 'object' && 'ids' in wanted ? wanted.ids : []);
  const left: string[] = [];
  // Those a correlation builds on stand before it.
  const correlations = set.correlations.toReversed().flatMap(({ correlation, members }) => {
    const isNamed = names.has(correlation.id) || (correlation.name !== undefined && names.has(correlation.name));
    const isTyped = typeof wanted === 'object' && 'file' in wanted && wanted.file === correlation.file;
    if (wanted !== 'all' && !isNamed && !isTyped) return [];
    for (const { ruleId } of members) names.add(ruleId);
    return [correlation];
  });
  const isWanted = (rule: {
    readonly id: string;
    readonly name: string | undefined;
    readonly file: string;
  }): boolean => {
    if (wanted === 'all') return true;
    if ('file' in wanted && rule.file === wanted.file) return true;
    return names.has(rule.id) || (rule.name !== undefined && names.has(rule.name));
  };
  const rules = set.rules.filter(isWanted);
  const refusals = set.refusals.filter(({ file }) => wanted === 'all' || ('file' in wanted && file === wanted.file));
  left.push(...refusals.slice(0, maxNotes).map(({ file, line, reason }) => `${file}:${line} ${reason}`));
  const files = new Set([
    ...rules.map(({ file }) => file),
    ...correlations.map(({ file }) => file),
    ...set.filters.map(({ filter }) => filter.file),
    ...set.mappings.map(({ file }) => file),
  ]);
  return {
    rules: [
      ...rules.map((rule) => plannedOf(rule, false)),
      ...correlations.map((correlation) => plannedOf(correlation, true)),
    ],
    // As detection has it: rules about this product see its own events alone.
    needs: rules.map((rule) => ({ ...rowNeedOf(rule), isOwn: rule.logsource.product === ownProduct })),
    sources: sources.filter(({ file, text }) => files.has(file) || /^\uFEFF?placeholders\s*:/m.test(text)),
    left,
  };
}

function plannedOf({ id, title, level, file }: SigmaRule | SigmaCorrelation, isCorrelation: boolean): PlannedRule {
  return { id, title, level: level ?? 'medium', file, isCorrelation };
}
