import type { ResolvedCorrelation, SigmaCorrelation } from './correlation.ts';
import type { SigmaRefusal } from './refusal.ts';

export type CorrelationReferences = {
  /** Rules by what they may be called: their id and, where they have one, their name. */
  readonly rules: ReadonlyMap<string, { readonly id: string }>;
  /** Ids and names of correlations: one that builds on another is refused. */
  readonly correlations: ReadonlySet<string>;
};

/** Looks up what a correlation refers to; the refusal when something is not there. */
export function resolveCorrelation(
  correlation: SigmaCorrelation,
  references: CorrelationReferences,
): ResolvedCorrelation | SigmaRefusal {
  const members: { ruleId: string; groupFields: string[]; valueFields: string[] }[] = [];
  for (const reference of correlation.rules) {
    const rule = references.rules.get(reference);
    if (rule === undefined) {
      const isCorrelation = references.correlations.has(reference);
      return refusal(
        correlation,
        isCorrelation ? 'correlation_unsupported' : 'correlation_reference',
        isCorrelation
          ? `Cannot build on correlation "${reference}": must refer to detection rules`
          : `Cannot find rule "${reference}": it must be loaded, by its id or name`,
      );
    }
    const fields = [...correlation.groupBy, ...correlation.valueFields];
    const missing = fields.find((field) => correlation.aliases.get(field)?.has(reference) === false);
    if (missing !== undefined) {
      return refusal(
        correlation,
        'correlation_reference',
        `The alias "${missing}" has no field for rule "${reference}"`,
      );
    }
    const fieldOf = (field: string): string => correlation.aliases.get(field)?.get(reference) ?? field;
    members.push({
      ruleId: rule.id,
      groupFields: correlation.groupBy.map(fieldOf),
      valueFields: correlation.valueFields.map(fieldOf),
    });
  }
  if (new Set(members.map(({ ruleId }) => ruleId)).size < members.length) {
    return refusal(
      correlation,
      'invalid_correlation',
      'The list "rules" must not name a rule twice, by id and by name',
    );
  }
  return { correlation, members };
}

function refusal(correlation: SigmaCorrelation, code: SigmaRefusal['code'], reason: string): SigmaRefusal {
  return { file: correlation.file, line: correlation.line, ruleId: correlation.id, code, reason };
}
