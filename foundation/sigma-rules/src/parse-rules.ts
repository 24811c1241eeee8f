import type { SigmaCorrelation } from './correlation.ts';
import type { SigmaFilter } from './filter.ts';
import { parseCorrelation } from './parse-correlation.ts';
import { parseFieldMapping } from './field-mapping.ts';
import type { SigmaFieldMapping } from './field-mapping.ts';
import { joinTables, parsePlaceholderTable } from './placeholder-table.ts';
import { parseFilter } from './parse-filter.ts';
import { parseConditions, parseDetections } from './parse-search.ts';
import { createTestBudget } from './parse-detection.ts';
import type { DetectionContext } from './parse-detection.ts';
import type { PlaceholderTable } from './placeholders.ts';
import { RefusedRule } from './refusal.ts';
import type { SigmaRefusal } from './refusal.ts';
import { readAttributes } from './rule-attributes.ts';
import type { SigmaRule } from './rule.ts';
import { entryOf, readYamlDocuments } from './yaml-tree.ts';
import type { YamlDocument, YamlMap, YamlTree } from './yaml-tree.ts';

export type SigmaParseOptions = {
  /** How the file is called in rules and refusals. It is not opened. */
  readonly file: string;
  /** Values for `%name%` under the modifier `expand`. Rules that need a name that is not here are refused. */
  readonly placeholders?: PlaceholderTable;
  /** Longest text taken, in UTF-16 units. The longest file of the SigmaHQ corpus has 295,078. */
  readonly maxLength?: number;
};

export type ParsedSigmaRules = {
  readonly rules: readonly SigmaRule[];
  /** What they refer to is not looked up: it may be in another file. See `resolveCorrelation`. */
  readonly correlations: readonly SigmaCorrelation[];
  /** Not applied yet: the rules they name may be in another file. See `composeRuleSet`. */
  readonly filters: readonly SigmaFilter[];
  /** What fields are called in the events of a log source. Not applied yet either. */
  readonly mappings: readonly SigmaFieldMapping[];
  /** Values for placeholders, for the rules of other files; those of this one were parsed with `options.placeholders`. */
  readonly placeholders: PlaceholderTable;
  readonly refusals: readonly SigmaRefusal[];
};

const limits = { maxNodes: 100_000, maxDepth: 32 } as const;
const maxDocuments = 5_000;
const notSearched: ReadonlySet<string> = new Set(['condition']);

/**
 * The detection rules, correlations and filters of a Sigma file, which may hold several YAML documents (Sigma 2.1). What cannot be honoured to the
 * letter is not loaded but listed in `refusals`; no text makes this throw.
 */
export function parseSigmaRules(text: string, options: SigmaParseOptions): ParsedSigmaRules {
  const { file, placeholders = {}, maxLength = 1_048_576 } = options;
  const rules: SigmaRule[] = [];
  const correlations: SigmaCorrelation[] = [];
  const filters: SigmaFilter[] = [];
  const mappings: SigmaFieldMapping[] = [];
  const tables: PlaceholderTable[] = [];
  const refusals: SigmaRefusal[] = [];
  const context = { placeholders, budget: createTestBudget() };

  function refuse(error: unknown, fallbackLine: number, ruleId?: string): void {
    const refused = asRefusal(error, fallbackLine);
    refusals.push({ file, line: refused.line, ruleId, code: refused.code, reason: refused.message });
  }

  function documentsOf(): readonly YamlDocument[] {
    if (text.length > maxLength) {
      throw new RefusedRule(
        'text_too_large',
        1,
        `Cannot read "${file}": it has ${text.length} characters, must have at most ${maxLength}`,
      );
    }
    const documents = readYamlDocuments(text.replace(/^\uFEFF/, ''), limits);
    if (documents.length > maxDocuments) {
      throw new RefusedRule('yaml_too_many_nodes', 1, `Cannot read "${file}": it has over ${maxDocuments} documents`);
    }
    return documents;
  }

  try {
    for (const document of documentsOf()) {
      let tree: YamlTree | undefined;
      try {
        tree = document.read();
        if (tree.kind === 'scalar' && tree.value === null) continue;
        if (isOf(tree, 'placeholders')) tables.push(parsePlaceholderTable(tree));
        else if (isOf(tree, 'field-mapping')) mappings.push(parseFieldMapping(tree, file));
        else if (isOf(tree, 'correlation')) correlations.push(parseCorrelation(tree, file));
        else if (isOf(tree, 'filter')) filters.push(parseFilter(tree, file, context));
        else rules.push(parseRule(tree, file, context));
      } catch (error) {
        refuse(error, document.line, tree === undefined ? undefined : idOf(tree));
      }
    }
  } catch (error) {
    refuse(error, 1);
  }
  return { rules, correlations, filters, mappings, placeholders: joinTables(tables), refusals };
}

/** The engine's own limit (a stack that ran out on deep nesting) is a refusal too; anything else is our fault and is thrown on. */
export function asRefusal(error: unknown, line: number): RefusedRule {
  if (error instanceof RefusedRule) return error;
  if (error instanceof RangeError)
    return new RefusedRule('yaml_too_deep', line, 'Cannot read the YAML: it is nested too deep');
  throw error;
}

function idOf(tree: YamlTree): string | undefined {
  const id = tree.kind === 'map' ? entryOf(tree, 'id') : undefined;
  return id?.kind === 'scalar' && typeof id.value === 'string' ? id.value : undefined;
}

function isOf(tree: YamlTree, kind: 'correlation' | 'filter' | 'field-mapping' | 'placeholders'): tree is YamlMap {
  return tree.kind === 'map' && entryOf(tree, kind) !== undefined && entryOf(tree, 'detection') === undefined;
}

function parseRule(tree: YamlTree, file: string, context: DetectionContext): SigmaRule {
  if (tree.kind !== 'map') throw new RefusedRule('not_a_rule', tree.line, 'A document must be a map');
  const detection = entryOf(tree, 'detection');
  if (detection === undefined) throw otherDocument(tree);
  const attributes = readAttributes(tree, file);
  if (detection.kind !== 'map') throw new RefusedRule('invalid_detection', detection.line, '"detection" must be a map');
  const detections = parseDetections(detection, context, notSearched);
  return {
    ...attributes,
    detections,
    condition: parseConditions(detection, [...detections.keys()]),
    file,
    line: tree.line,
  };
}

function otherDocument(tree: YamlMap): RefusedRule {
  if (entryOf(tree, 'action') !== undefined) {
    return new RefusedRule('legacy_construct', tree.line, 'Documents joined by "action" left Sigma with version 2');
  }
  return new RefusedRule('not_a_rule', tree.line, 'A rule must have "detection"');
}
