import { createHash } from 'node:crypto';
import { findingLimits } from '@sallyport/contracts';
import { resolveCorrelation } from '@sallyport/sigma-rules';
import type { ResolvedCorrelation, SigmaCorrelation, SigmaEvent, SigmaRule } from '@sallyport/sigma-rules';
import type { CorrelationDefinition, CorrelationGroup, RuleRefusal } from './match-protocol.ts';

/** Correlations in force, inside the matching thread: which matches count for which group of which correlation. */
export type CorrelationGroups = {
  readonly correlations: readonly {
    readonly correlation: SigmaCorrelation;
    readonly definition: CorrelationDefinition;
  }[];
  readonly refusals: readonly RuleRefusal[];
  /** Rules that only feed correlations. */
  readonly silencedRules: ReadonlySet<string>;
  /** An event that lacks a field of the grouping, or of what is counted, counts nowhere. */
  of(ruleId: string, event: SigmaEvent): CorrelationGroup[];
};

/** What is kept of a correlation is bounded by these: one that needs more is refused. */
const limits = { correlations: 200, atLeast: 1000 } as const;

type Member = { readonly correlation: SigmaCorrelation; readonly fields: ResolvedCorrelation['members'][number] };

export function createCorrelationGroups(
  parsed: readonly SigmaCorrelation[],
  rules: ReadonlyMap<string, SigmaRule>,
  objection: (correlation: SigmaCorrelation, taken: { readonly file: string } | undefined) => string | undefined,
): CorrelationGroups {
  const byName = new Map<string, SigmaRule>(rules);
  for (const rule of rules.values()) if (rule.name !== undefined && !byName.has(rule.name)) byName.set(rule.name, rule);
  const names = new Set(parsed.flatMap(({ id, name }) => (name === undefined ? [id] : [id, name])));
  const taken = new Map<string, ResolvedCorrelation>();
  const refusals: RuleRefusal[] = [];
  const members = new Map<string, Member[]>();
  const silenced = new Set<string>();
  const generating = new Set<string>();

  for (const correlation of parsed) {
    const { file, line, id } = correlation;
    const reason =
      objection(correlation, rules.get(id) ?? taken.get(id)?.correlation) ?? overLimits(correlation, taken.size);
    const resolved = resolveCorrelation(correlation, { rules: byName, correlations: names });
    if (reason !== undefined || 'reason' in resolved) {
      refusals.push({ file, line, reason: reason ?? ('reason' in resolved ? resolved.reason : '') });
      continue;
    }
    taken.set(id, resolved);
    for (const fields of resolved.members) {
      members.set(fields.ruleId, [...(members.get(fields.ruleId) ?? []), { correlation, fields }]);
      (correlation.generate ? generating : silenced).add(fields.ruleId);
    }
  }

  return {
    correlations: [...taken.values()].map((resolved) => ({
      correlation: resolved.correlation,
      definition: definitionOf(resolved),
    })),
    refusals,
    silencedRules: silenced.difference(generating),
    of: (ruleId, event) => (members.get(ruleId) ?? []).flatMap((member) => groupOf(member, event) ?? []),
  };
}

function overLimits(correlation: SigmaCorrelation, taken: number): string | undefined {
  if (taken >= limits.correlations) return `Cannot take more than ${limits.correlations} correlations`;
  if (correlation.atLeast <= limits.atLeast) return undefined;
  return `Cannot count to ${correlation.atLeast}, must be at most ${limits.atLeast}`;
}

function groupOf({ correlation, fields }: Member, event: SigmaEvent): CorrelationGroup | undefined {
  const group = valuesOf(event, fields.groupFields);
  const value = valuesOf(event, fields.valueFields);
  if (group === undefined || value === undefined) return undefined;
  return {
    correlationId: correlation.id,
    group: hashOf(group.map((values) => values.map(({ folded }) => folded()))),
    ...(value.length === 0 ? {} : { value: hashOf(value.map((values) => values.map(({ folded }) => folded()))) }),
    fields: group.map((values, index) => ({
      field: (correlation.groupBy[index] ?? '').slice(0, findingLimits.field),
      value: values
        .map(({ text }) => text)
        .join(', ')
        .slice(0, findingLimits.value),
    })),
  };
}

function valuesOf(event: SigmaEvent, fields: readonly string[]) {
  const found = fields.flatMap((field) => {
    const values = event.valuesOf(field)?.filter(({ scalar }) => scalar !== null) ?? [];
    return values.length === 0 ? [] : [values];
  });
  return found.length === fields.length ? found : undefined;
}

function definitionOf({ correlation, members }: ResolvedCorrelation): CorrelationDefinition {
  const { type, groupBy, timespanMs, atLeast } = correlation;
  return {
    type,
    ruleIds: members.map(({ ruleId }) => ruleId),
    groupBy,
    timespanMs,
    atLeast,
    fingerprint: hashOf({ type, members, timespanMs, atLeast }),
  };
}

function hashOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
