import { createHash } from 'node:crypto';
import { composeRuleSet, parseSigmaRules } from '@sallyport/sigma-rules';
import type { SigmaCorrelation, SigmaRule, SigmaStatus } from '@sallyport/sigma-rules';
import { findingLevels, findingLimits } from '@sallyport/contracts';
import type { FindingLevel } from '@sallyport/contracts';
import { documentAt, unannouncedDocument } from './rule-documents.ts';

/** A rule of a pack, as far as it is told apart from another release of it. */
export type CatalogueRule = {
  readonly id: string;
  readonly title: string;
  readonly level: FindingLevel;
  readonly status: SigmaStatus;
  readonly author: string;
  readonly path: string;
  readonly line: number;
  readonly isCorrelation: boolean;
  /** SHA-256 over what decides whether it matches, hex. */
  readonly detection: string;
  /** SHA-256 of its text, hex. */
  readonly text: string;
};

export type PackRefusal = { readonly path: string; readonly line: number; readonly reason: string };

/** What a release of a pack holds. Plain data, made from its files alone. */
export type PackCatalogue = { readonly rules: readonly CatalogueRule[]; readonly refusals: readonly PackRefusal[] };

export type CatalogueSource = { readonly path: string; readonly text: string };

/** How the files of a pack are called wherever rules are shown. */
export function fileOf(packName: string, path: string): string {
  return `packs/${packName}/${path}`;
}

export function isRulePath(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/**
 * Reads the rules of a pack as if there were no others. What a pack must not do is refused here: filters, field mappings and placeholder tables would
 * reach rules beyond it, and a correlation that does not `generate` hides the findings of the rules it counts. Never throws for what stands in a file.
 */
export function readCatalogue(
  packName: string,
  sources: readonly CatalogueSource[],
  progress: (done: number) => void = () => undefined,
): PackCatalogue {
  const refusals: PackRefusal[] = [];
  const rules: SigmaRule[] = [];
  const correlations: SigmaCorrelation[] = [];
  const own = new Map<string, CatalogueSource>();
  const prefix = fileOf(packName, '');
  const refuse = (file: string, line: number, reason: string): void => {
    refusals.push({ path: file.slice(prefix.length), line, reason });
  };
  for (const [done, source] of sources.entries()) {
    progress(done);
    const file = fileOf(packName, source.path);
    own.set(file, source);
    const unannounced = unannouncedDocument(source.text);
    if (unannounced !== undefined) {
      refuse(file, unannounced, 'A document of a pack must begin with "---": nothing of the file is taken');
      continue;
    }
    const parsed = parseSigmaRules(source.text, { file });
    rules.push(...parsed.rules);
    for (const { line, reason } of parsed.refusals) refuse(file, line, reason);
    for (const { line } of parsed.filters) refuse(file, line, `A filter ${reaching}`);
    if (parsed.mappings.length > 0) refuse(file, 1, `A field mapping ${reaching}`);
    if (Object.keys(parsed.placeholders).length > 0) refuse(file, 1, `A placeholder table ${reaching}`);
    for (const correlation of parsed.correlations) {
      if (correlation.generate) correlations.push(correlation);
      else
        refuse(
          file,
          correlation.line,
          'A correlation of a pack must say "generate: true": else it hides findings of the rules it counts',
        );
    }
  }
  progress(sources.length);
  const set = composeRuleSet({ rules, correlations, filters: [], mappings: [], refusals: [] }, objectionTo);
  for (const { file, line, reason } of set.refusals) refuse(file, line, reason);
  const taken = [
    ...set.rules.map((rule) => ({ rule, detection: detectionOf(rule) })),
    ...set.correlations.map(({ correlation }) => ({ rule: correlation, detection: definitionOf(correlation) })),
  ];
  return {
    rules: taken
      .map(({ rule, detection }) => entryOf(rule, detection, own.get(rule.file)))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    refusals: refusals.toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)),
  };
}

const reaching = 'would reach rules outside the pack, must stand in the directory of your own rules';

function objectionTo({ id }: Pick<SigmaRule, 'id'>): string | undefined {
  if (id.length <= findingLimits.identifier) return undefined;
  return `Rule id has ${id.length} characters, must have at most ${findingLimits.identifier}`;
}

function entryOf(
  rule: SigmaRule | SigmaCorrelation,
  detection: string,
  source: CatalogueSource | undefined,
): CatalogueRule {
  const { id, title, status, author, line } = rule;
  return {
    id,
    title,
    // As detection has it.
    level: findingLevels.find((level) => level === rule.level) ?? 'medium',
    status: status ?? 'experimental',
    author: (author ?? '').slice(0, 500),
    path: source?.path ?? '',
    line,
    isCorrelation: !('detections' in rule),
    detection: hashOf(detection),
    text: hashOf(documentAt(source?.text ?? '', line)),
  };
}

function detectionOf({ logsource, taxonomy, detections, condition }: SigmaRule): string {
  const { category, product, service } = logsource;
  return canonical({ category, product, service, taxonomy, detections: [...detections], condition });
}

function definitionOf(correlation: SigmaCorrelation): string {
  const { type, rules, groupBy, aliases, timespanMs, condition, percentile, valueFields, taxonomy } = correlation;
  return canonical({ type, rules, groupBy, aliases, timespanMs, condition, percentile, valueFields, taxonomy });
}

/** Without the lines on which things stand: a comment above a rule changes none of it. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === 'line') return undefined;
    if (typeof part === 'bigint') return `${part}n`;
    return part instanceof Map ? [...part] : part;
  });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
