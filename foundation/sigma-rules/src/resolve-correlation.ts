import type { CorrelationMember, FieldNames, ResolvedCorrelation, SigmaCorrelation } from './correlation.ts';
import type { SigmaRefusal } from './refusal.ts';

/** What correlations may refer to, by what it may be called: its id and, where it has one, its name. */
export type CorrelationReferences = {
  /** `fields`: what the rule's fields are called in its events, where a mapping says so. */
  readonly rules: ReadonlyMap<string, { readonly id: string; readonly fields?: ReadonlyMap<string, FieldNames> }>;
  readonly correlations: ReadonlyMap<string, SigmaCorrelation>;
};

/** A longer chain is refused: every link may wait for its windows. */
const maxChain = 8;

/** Over so many ways a match of one rule may come to one correlation: they multiply with every link. */
const maxWays = 64;

export type ResolvedCorrelations = {
  /** Each behind those it builds on; otherwise in the given order. */
  readonly resolved: readonly ResolvedCorrelation[];
  readonly refusals: readonly SigmaRefusal[];
};

/** Looks up what correlations refer to. One that refers to itself, over however many others, or to one that is refused, is refused. */
export function resolveCorrelations(
  correlations: readonly SigmaCorrelation[],
  references: CorrelationReferences,
): ResolvedCorrelations {
  const outcomes = new Map<
    SigmaCorrelation,
    { readonly chain: number; readonly resolved: ResolvedCorrelation } | SigmaRefusal
  >();
  const waysOf = new Map<string, ReadonlyMap<string, number>>();
  const resolved: ResolvedCorrelation[] = [];
  const refusals: SigmaRefusal[] = [];

  function resolve(correlation: SigmaCorrelation, above: readonly SigmaCorrelation[]): number | string {
    if (above.includes(correlation)) return `it refers to itself over ${above.length} others`;
    const known = outcomes.get(correlation);
    if (known !== undefined) return 'code' in known ? `it is refused: ${known.reason}` : known.chain;
    let chain = 1;
    for (const reference of correlation.rules) {
      const inner = references.rules.has(reference) ? undefined : references.correlations.get(reference);
      if (inner === undefined) continue;
      const length = resolve(inner, [...above, correlation]);
      if (typeof length === 'string') {
        return refuse(correlation, 'correlation_reference', `Cannot build on correlation "${reference}": ${length}`);
      }
      chain = Math.max(chain, length + 1);
    }
    if (chain > maxChain)
      return refuse(correlation, 'too_complex', `It is the end of a chain of over ${maxChain} correlations`);
    const members = membersOf(correlation, references);
    if ('code' in members) return refuse(correlation, members.code, members.reason);
    const ways = waysTo(members.found);
    if (Math.max(...ways.values()) > maxWays)
      return refuse(correlation, 'too_complex', `A match of one rule would count in it over more than ${maxWays} ways`);
    const found = { correlation, members: members.found };
    outcomes.set(correlation, { chain, resolved: found });
    waysOf.set(correlation.id, ways);
    resolved.push(found);
    return chain;
  }

  /** By rule: over how many ways its matches come here. */
  function waysTo(members: readonly CorrelationMember[]): ReadonlyMap<string, number> {
    const ways = new Map<string, number>();
    for (const { ruleId, isCorrelation } of members) {
      const inner = isCorrelation ? waysOf.get(ruleId) : new Map([[ruleId, 1]]);
      for (const [rule, count] of inner ?? []) ways.set(rule, (ways.get(rule) ?? 0) + count);
    }
    return ways;
  }

  function refuse(correlation: SigmaCorrelation, code: SigmaRefusal['code'], reason: string): string {
    const refused = { file: correlation.file, line: correlation.line, ruleId: correlation.id, code, reason };
    outcomes.set(correlation, refused);
    refusals.push(refused);
    return `it is refused: ${reason.slice(0, 200)}`;
  }

  for (const correlation of correlations) resolve(correlation, []);
  return { resolved, refusals };
}

type Fault = { readonly code: SigmaRefusal['code']; readonly reason: string };

function membersOf(
  correlation: SigmaCorrelation,
  references: CorrelationReferences,
): { readonly found: readonly CorrelationMember[] } | Fault {
  const found: CorrelationMember[] = [];
  for (const reference of correlation.rules) {
    const rule = references.rules.get(reference);
    const target = rule ?? references.correlations.get(reference);
    if (target === undefined) {
      return {
        code: 'correlation_reference',
        reason: `Cannot find rule "${reference}": it must be loaded, by its id or name`,
      };
    }
    const fields = [...correlation.groupBy, ...correlation.valueFields];
    const missing = fields.find((field) => correlation.aliases.get(field)?.has(reference) === false);
    if (missing !== undefined) {
      return { code: 'correlation_reference', reason: `The alias "${missing}" has no field for rule "${reference}"` };
    }
    const namesOf = (field: string): FieldNames => {
      const name = (correlation.aliases.get(field)?.get(reference) ?? field).replaceAll(' ', '');
      return rule?.fields?.get(name) ?? [name];
    };
    found.push({
      ruleId: target.id,
      isCorrelation: rule === undefined,
      groupFields: correlation.groupBy.map(namesOf),
      valueFields: correlation.valueFields.map(namesOf),
    });
  }
  const strange = [...correlation.aliases.values()]
    .flatMap((fields) => [...fields.keys()])
    .find((rule) => !correlation.rules.includes(rule));
  if (strange !== undefined) {
    return { code: 'correlation_reference', reason: `An alias names rule "${strange}", which is not under "rules"` };
  }
  if (new Set(found.map(({ ruleId }) => ruleId)).size < found.length) {
    return { code: 'invalid_correlation', reason: 'The list "rules" must not name a rule twice, by id and by name' };
  }
  return { found };
}
