import type { TechniqueCoverage } from './coverage.ts';
import type { AskedSource } from './needs.ts';
import { sourceStates } from './source-states.ts';
import { recipeFor } from './source-recipe.ts';
import { sourceWords } from './source-words.ts';
import type { CoverageMap, TechniqueView } from './threat-coverage.ts';

const time = (ms: number): string => new Date(ms).toISOString();

/** The map as the API and the command line give it. */
export function mapAnswer({ coverage, next, windowDays, nowMs, arrivals, forgottenSources }: CoverageMap) {
  const { framework } = coverage;
  return {
    framework: framework.id,
    name: framework.name,
    version: framework.version,
    origin: framework.origin,
    licence: framework.licence,
    window_days: windowDays,
    made: time(nowMs),
    rules: coverage.rules,
    counts: { ...coverage.counts },
    sub_counts: { ...coverage.subCounts },
    sources_seen: arrivals.length,
    sources_forgotten: forgottenSources,
    tactics: coverage.tactics.map(({ tactic, counts, rules, rulesWithoutTechnique }) => ({
      id: tactic.id,
      short_name: tactic.shortName,
      name: tactic.name,
      counts: { ...counts },
      rules,
      rules_without_technique: rulesWithoutTechnique,
    })),
    techniques: coverage.techniques.map(techniqueAnswer),
    unplaced: coverage.unplaced.map(({ tag, reason, ruleIds }) => ({ tag, reason, rule_ids: [...ruleIds] })),
    next_sources: next.map(({ source, techniques, rules, recipe }) => ({
      ...sourceAnswer(source),
      techniques: [...techniques],
      rules,
      ...(recipe === undefined ? {} : { recipe }),
    })),
  };
}

function techniqueAnswer({ technique, parent, verdict, rules, findingsInMonth }: TechniqueCoverage) {
  return {
    id: technique.id,
    name: technique.name,
    ...(parent === undefined ? {} : { parent }),
    tactics: [...technique.tactics],
    verdict,
    rules: rules.length,
    rules_with_data: rules.filter(({ data }) => data.hasData).length,
    findings_30d: findingsInMonth,
  };
}

/** One technique: its rules and the sources they look at. */
export function techniqueView(view: TechniqueView) {
  const { coverage, found, asked, subTechniques, fires, windowDays } = view;
  return {
    framework: coverage.framework.id,
    version: coverage.framework.version,
    window_days: windowDays,
    ...techniqueAnswer(found),
    ...(asked === undefined ? {} : { asked }),
    sub_techniques: subTechniques.map(techniqueAnswer),
    rule_list: found.rules.map(({ rule, data, isWeak, tagged }) => ({
      id: rule.id,
      title: rule.title,
      level: rule.level,
      ...(rule.status === undefined ? {} : { status: rule.status }),
      is_weak: isWeak,
      has_data: data.hasData,
      tagged: [...tagged],
      is_correlation: rule.correlation !== undefined,
      ...(rule.logSource === undefined ? {} : { source: sourceWords(rule.logSource) }),
      missing: data.missing.map(sourceWords),
      ...(data.lastEventMs === undefined ? {} : { last_event: time(data.lastEventMs) }),
      findings_24h: fires.get(rule.id)?.day ?? 0,
      findings_30d: fires.get(rule.id)?.month ?? 0,
    })),
    sources: sourceStates(found.rules, view).map(({ source, rules, hasData, lastEventMs, eventsInMonth }) => ({
      ...sourceAnswer(source),
      rules,
      has_data: hasData,
      ...(lastEventMs === undefined ? {} : { last_event: time(lastEventMs) }),
      events_30d: eventsInMonth,
    })),
  };
}

function sourceAnswer(source: AskedSource) {
  const { product, category, service } = source;
  const recipe = recipeFor(source);
  return {
    words: sourceWords(source),
    ...(product === undefined ? {} : { product }),
    ...(category === undefined ? {} : { category }),
    ...(service === undefined ? {} : { service }),
    ...(recipe === undefined ? {} : { recipe }),
  };
}
