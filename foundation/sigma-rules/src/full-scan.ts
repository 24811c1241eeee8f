import { compileRule } from './compile-rule.ts';
import type { CompiledRule, MatchedField } from './compile-rule.ts';
import type { EventLogSource } from './event-log-source.ts';
import { sigmaEventOf } from './event-view.ts';
import type { SigmaEvent } from './event-view.ts';
import type { JsonObject } from './json.ts';
import { logSourceOfEvent, matchesLogSource } from './log-source.ts';
import type { SigmaRule } from './rule.ts';

export type RuleMatch = { readonly rule: SigmaRule; readonly matched: readonly MatchedField[] };

export type FullScan = {
  /** Every rule that matches the record, in the order in which the rules were given. `source` where the caller knows better than the record tells. */
  match(record: JsonObject, source?: EventLogSource): RuleMatch[];
  /** The same for a record that is flattened already. */
  matchEvent(event: SigmaEvent, source?: EventLogSource): RuleMatch[];
};

/**
 * The plain evaluator: each rule whose log source does not contradict the record's is evaluated against it. It has no index and
 * leaves nothing out, which makes it the measure for faster ones. `compiling` is told the position of each rule before it is compiled.
 */
export function createFullScan(rules: readonly SigmaRule[], compiling?: (position: number) => void): FullScan {
  const compiled = rules.map((rule, position) => {
    compiling?.(position);
    return compileRule(rule);
  });
  const groups = groupByLogSource(compiled);
  function matchEvent(event: SigmaEvent, known?: EventLogSource): RuleMatch[] {
    const source = known ?? logSourceOfEvent(event);
    const found: { position: number; match: RuleMatch }[] = [];
    for (const group of groups) {
      if (!matchesLogSource(group.logsource, source)) continue;
      for (const { position, compiled } of group.members) {
        if (compiled.matches(event))
          found.push({ position, match: { rule: compiled.rule, matched: compiled.matchedFields(event) } });
      }
    }
    return found.toSorted((left, right) => left.position - right.position).map(({ match }) => match);
  }

  return { match: (record, source) => matchEvent(sigmaEventOf(record), source), matchEvent };
}

type Group = {
  readonly logsource: SigmaRule['logsource'];
  readonly members: { readonly position: number; readonly compiled: CompiledRule }[];
};

function groupByLogSource(compiledRules: readonly CompiledRule[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [position, compiled] of compiledRules.entries()) {
    const { logsource } = compiled.rule;
    const key = JSON.stringify([logsource.category ?? null, logsource.product ?? null, logsource.service ?? null]);
    const group = groups.get(key) ?? { logsource, members: [] };
    group.members.push({ position, compiled });
    groups.set(key, group);
  }
  return [...groups.values()];
}
