import type { RuleSource } from '@sallyport/detection';
import { createIndexedMatcher, loadSigmaRuleSet, parseSigmaRules } from '@sallyport/sigma-rules';
import type { ParsedSigmaRules, SigmaCorrelation, SigmaRule } from '@sallyport/sigma-rules';
import type { AskedCheck, CheckedPart, CheckedText, Remark, Vocabulary } from './checked-text.ts';
import { createFieldBook } from './field-book.ts';
import { fieldsOf } from './rule-fields.ts';
import { warningsOf } from './rule-warnings.ts';

/** The rules in force, as whoever writes another one needs them. */
export type RuleContext = {
  /** Never throws for what stands in the text. */
  check(asked: AskedCheck): CheckedText;
  vocabulary(): Vocabulary;
};

const maxRemarks = 200;
const reading = { maxLength: 4 * 1024 * 1024 } as const;

/** Reads the files in force once. */
export function createRuleContext(sources: readonly RuleSource[]): RuleContext {
  const texts = new Map(sources.map((source) => [source.file, source]));
  const book = createFieldBook();
  /** Whatever changes what rules of other files mean. */
  const shared = new Set<string>();
  /** By id and by name: the file, and what a correlation refers to. */
  const named = new Map<string, { readonly file: string; readonly refersTo: readonly string[] }[]>();

  const remember = (rule: SigmaRule | SigmaCorrelation): void => {
    const refersTo = 'rules' in rule ? rule.rules : [];
    for (const name of new Set([rule.id, rule.name ?? rule.id]))
      named.set(name, [...(named.get(name) ?? []), { file: rule.file, refersTo }]);
  };
  for (const { file, text } of sources) {
    const parsed = parseSigmaRules(text, { file, ...reading });
    if (parsed.filters.length + parsed.mappings.length > 0 || hasPlaceholders(text)) shared.add(file);
    for (const rule of parsed.rules) {
      remember(rule);
      book.add(rule);
    }
    for (const correlation of parsed.correlations) remember(correlation);
    book.addTags([...parsed.rules, ...parsed.correlations].flatMap(({ tags }) => tags));
  }

  /** The shared files, and those with what the text refers to, chains included. */
  function contextFiles(parsed: ParsedSigmaRules, replaces: string | undefined): string[] {
    const isOther = (file: string): boolean => replaces === undefined || !file.startsWith(replaces);
    const files = new Set([...shared].filter(isOther));
    const wanted = [
      ...parsed.correlations.flatMap(({ rules }) => rules),
      ...parsed.filters.flatMap(({ rules }) => (rules === 'any' ? [] : rules.map(({ name }) => name))),
    ];
    const seen = new Set<string>();
    for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const found = named.get(name)?.find(({ file }) => isOther(file));
      if (found === undefined) continue;
      files.add(found.file);
      wanted.push(...found.refersTo);
    }
    return [...files];
  }

  return {
    vocabulary: book.vocabulary,
    check({ file, text, replaces }) {
      const parsed = parseSigmaRules(text, { file });
      const files = contextFiles(parsed, replaces);
      const set = loadSigmaRuleSet([{ file, text }, ...files.flatMap((name) => texts.get(name) ?? [])], reading);
      const rules = set.rules.filter((rule) => rule.file === file);
      const correlations = set.correlations.filter(({ correlation }) => correlation.file === file);
      // Compiling is part of what has to come to an end.
      createIndexedMatcher(rules);
      const takenBy = (rule: SigmaRule | SigmaCorrelation): string | undefined =>
        named.get(rule.id)?.find((other) => replaces === undefined || !other.file.startsWith(replaces))?.file;
      const raw = new Map(parsed.rules.map((rule) => [rule.line, rule]));
      const all: (SigmaRule | SigmaCorrelation)[] = [...rules, ...correlations.map(({ correlation }) => correlation)];
      const filters = parsed.filters.filter(({ id }) => !set.refusals.some(({ ruleId }) => ruleId === id));
      const parts: CheckedPart[] = [
        ...rules.map((rule) => ({
          ...partOf(rule, 'rule'),
          logSource: logSourceOf(rule),
          fields: fieldsOf(raw.get(rule.line) ?? rule),
        })),
        ...correlations.map(({ correlation }) => ({
          ...partOf(correlation, 'correlation'),
          fields: correlation.groupBy,
        })),
        ...filters.map(({ id, title, line, logsource }): CheckedPart => {
          return { kind: 'filter', id, title, line, logSource: logSourceOf({ logsource }), fields: [], tags: [] };
        }),
        ...parsed.mappings.map(({ title, line, logsource, fields }): CheckedPart => {
          const part = { kind: 'field_mapping', id: title, title, line, tags: [] } as const;
          return { ...part, logSource: logSourceOf({ logsource }), fields: [...fields.keys()] };
        }),
      ];
      const refusals: Remark[] = set.refusals
        .filter((refusal) => refusal.file === file)
        .map(({ line, code, reason }) => ({ line, code, message: reason }));
      const hasContent = parts.length + refusals.length > 0 || Object.keys(parsed.placeholders).length > 0;
      if (!hasContent) refusals.push({ line: 1, code: 'not_a_rule', message: 'There is no rule in the text' });
      const warnings = warningsOf({ rules: all, raw: parsed.rules, filters: parsed.filters, takenBy, book });
      return {
        parts: parts.toSorted((a, b) => a.line - b.line),
        refusals: refusals.slice(0, maxRemarks),
        warnings: warnings.slice(0, maxRemarks),
        contextFiles: files,
      };
    },
  };
}

function partOf(rule: SigmaRule | SigmaCorrelation, kind: 'rule' | 'correlation') {
  const { id, title, line, level, tags } = rule;
  return { kind, id, title, line, level: level ?? 'medium', tags } as const;
}

function logSourceOf({ logsource: { category, product, service } }: Pick<SigmaRule, 'logsource'>) {
  return {
    ...(category === undefined ? {} : { category }),
    ...(product === undefined ? {} : { product }),
    ...(service === undefined ? {} : { service }),
  };
}

function hasPlaceholders(text: string): boolean {
  return /^\uFEFF?placeholders\s*:/m.test(text);
}
