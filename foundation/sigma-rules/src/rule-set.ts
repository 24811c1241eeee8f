import type { FieldNames, ResolvedCorrelation, SigmaCorrelation } from './correlation.ts';
import { mapFields } from './field-mapping.ts';
import type { SigmaFieldMapping } from './field-mapping.ts';
import type { SigmaFilter } from './filter.ts';
import { contradicts, foldFilter, isOfLogSource } from './fold-filters.ts';
import { parseSigmaRules } from './parse-rules.ts';
import type { ParsedSigmaRules } from './parse-rules.ts';
import { joinTables } from './placeholder-table.ts';
import type { PlaceholderTable } from './placeholders.ts';
import type { RefusalCode, SigmaRefusal } from './refusal.ts';
import { resolveCorrelations } from './resolve-correlation.ts';
import type { SigmaRule } from './rule.ts';

/** Rules as they are evaluated: filters and field mappings are part of them, so that every way to evaluate rules means the same. */
export type SigmaRuleSet = {
  readonly rules: readonly SigmaRule[];
  /** Each behind those it builds on. */
  readonly correlations: readonly ResolvedCorrelation[];
  /** Filters in force, with the ids of the rules they were folded into. */
  readonly filters: readonly { readonly filter: SigmaFilter; readonly ruleIds: readonly string[] }[];
  readonly mappings: readonly SigmaFieldMapping[];
  readonly refusals: readonly SigmaRefusal[];
};

export type SigmaSource = { readonly file: string; readonly text: string };

export type SigmaRuleSetOptions = {
  /** Values for placeholders that no file gives. */
  readonly placeholders?: PlaceholderTable;
  readonly maxLength?: number;
  /** Told the ordinal of each source before it is read. */
  readonly progress?: (ordinal: number) => void;
  /** Why a rule or correlation that parsed is not to be taken. */
  readonly objection?: (rule: SigmaRule | SigmaCorrelation) => string | undefined;
};

/**
 * Everything the files hold, put together: placeholder tables of any file serve the rules of all, field mappings and filters are folded into the rules,
 * correlations find what they refer to. Of two documents with one id the first is in force. What is not in force is in `refusals`; no text makes this throw.
 */
export function loadSigmaRuleSet(sources: readonly SigmaSource[], options: SigmaRuleSetOptions = {}): SigmaRuleSet {
  const { progress, maxLength } = options;
  const bounds = maxLength === undefined ? {} : { maxLength };
  // Tables first: rules are parsed with their values. Few files have any, so that few are read twice.
  const tables = sources
    .filter(({ text }) => /^\uFEFF?placeholders\s*:/m.test(text))
    .map(({ file, text }) => parseSigmaRules(text, { file, ...bounds }).placeholders);
  const placeholders: PlaceholderTable = joinTables([...tables, options.placeholders ?? {}]);
  const parsed = sources.map(({ file, text }, ordinal) => {
    progress?.(ordinal);
    return parseSigmaRules(text, { file, placeholders, ...bounds });
  });
  progress?.(sources.length);
  const set = composeRuleSet(
    {
      rules: parsed.flatMap((one) => one.rules),
      correlations: parsed.flatMap((one) => one.correlations),
      filters: parsed.flatMap((one) => one.filters),
      mappings: parsed.flatMap((one) => one.mappings),
      refusals: parsed.flatMap((one) => one.refusals),
    },
    options.objection,
  );
  const places = new Map(sources.map(({ file }, place) => [file, place]));
  const placeOf = ({ file }: SigmaRefusal): number => places.get(file) ?? sources.length;
  return { ...set, refusals: set.refusals.toSorted((a, b) => placeOf(a) - placeOf(b) || a.line - b.line) };
}

/** The same for documents that are parsed already. */
export function composeRuleSet(
  parsed: Omit<ParsedSigmaRules, 'placeholders'>,
  objection: SigmaRuleSetOptions['objection'] = () => undefined,
): SigmaRuleSet {
  const refusals: SigmaRefusal[] = [...parsed.refusals];
  const rules = new Map<string, SigmaRule>();
  const correlations = new Map<string, SigmaCorrelation>();

  function refuse(
    of: { file: string; line: number; id: string },
    code: RefusalCode,
    reason: string,
    line = of.line,
  ): void {
    refusals.push({ file: of.file, line, ruleId: of.id, code, reason });
  }

  for (const rule of [...parsed.rules, ...parsed.correlations]) {
    const taken = rules.get(rule.id) ?? correlations.get(rule.id);
    const reason =
      taken === undefined ? objection(rule) : `Rule id "${rule.id}" is taken by "${taken.file}", must be unique`;
    if (reason !== undefined) refuse(rule, 'rule_not_taken', reason);
    else if ('detections' in rule) rules.set(rule.id, rule);
    else correlations.set(rule.id, rule);
  }
  const ruleNames = namesOf(rules.values());
  const correlationNames = namesOf(correlations.values());

  const fields = new Map<string, ReadonlyMap<string, FieldNames>>();
  for (const [id, rule] of rules) {
    const names = fieldsOf(rule, parsed.mappings);
    fields.set(id, names);
    rules.set(id, mapFields(rule, names));
  }

  const filters = parsed.filters.map((filter) => {
    const ruleIds: string[] = [];
    for (const rule of targetsOf(filter)) {
      ruleIds.push(rule.id);
      const current = rules.get(rule.id) ?? rule;
      const searched = mapFields({ ...rule, detections: filter.detections }, fields.get(rule.id) ?? new Map());
      rules.set(rule.id, foldFilter(current, { ...filter, detections: searched.detections }));
    }
    return { filter, ruleIds };
  });

  function targetsOf(filter: SigmaFilter): readonly SigmaRule[] {
    if (filter.rules === 'any') {
      return [...rules.values()].filter(
        (rule) => isOfLogSource(rule, filter.logsource) && rule.taxonomy === filter.taxonomy,
      );
    }
    const found = new Set<SigmaRule>();
    for (const { name, line } of filter.rules) {
      const rule = ruleNames.get(name);
      if (rule === undefined) {
        const isCorrelation = correlationNames.has(name);
        const reason = isCorrelation
          ? `"${name}" is a correlation: a filter must name the rules it counts`
          : `Cannot find rule "${name}": it must be loaded, by its id or name`;
        refuse(filter, 'filter_reference', reason, line);
        continue;
      }
      const conflict = contradicts(filter, rule);
      if (conflict === undefined) found.add(rule);
      else refuse(filter, 'filter_conflict', `Cannot filter rule "${name}": ${conflict}`, line);
    }
    return [...found];
  }

  const named = new Map(
    [...ruleNames].map(([name, { id }]) => [name, { id, fields: fields.get(id) ?? new Map<string, FieldNames>() }]),
  );
  const resolved = resolveCorrelations([...correlations.values()], { rules: named, correlations: correlationNames });
  refusals.push(...resolved.refusals);
  return {
    rules: [...rules.values()],
    correlations: resolved.resolved,
    filters: filters.filter(({ ruleIds }) => ruleIds.length > 0),
    mappings: parsed.mappings,
    refusals,
  };
}

/** By id and, where nothing else has it, by name. */
function namesOf<Named extends { readonly id: string; readonly name: string | undefined }>(
  all: Iterable<Named>,
): ReadonlyMap<string, Named> {
  const listed = [...all];
  const names = new Map(listed.map((one) => [one.id, one]));
  for (const one of listed) if (one.name !== undefined && !names.has(one.name)) names.set(one.name, one);
  return names;
}

/** Of several mappings for one field the first counts. */
export function fieldsOf(rule: SigmaRule, mappings: readonly SigmaFieldMapping[]): ReadonlyMap<string, FieldNames> {
  const fitting = mappings.filter(
    ({ logsource, taxonomy }) =>
      isOfLogSource(rule, logsource) && (taxonomy === undefined || taxonomy === rule.taxonomy),
  );
  return new Map(fitting.toReversed().flatMap(({ fields }) => [...fields]));
}
