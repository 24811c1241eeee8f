import { LineCounter, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Document, Node } from 'yaml';
import { readPlainYaml } from './plain-yaml.ts';
import { RefusedRule } from './refusal.ts';
import type { YamlEntry, YamlMap, YamlScalar, YamlTree } from './yaml-node.ts';

export type { YamlEntry, YamlMap, YamlScalar, YamlTree } from './yaml-node.ts';

export type YamlLimits = { readonly maxNodes: number; readonly maxDepth: number };
export type YamlDocument = { readonly line: number; readonly read: () => YamlTree };

/**
 * The documents of a YAML 1.2 text. `read` throws RefusedRule when that document is broken, deeper than `maxDepth`,
 * or larger than `maxNodes` after the expansion of aliases, so that a few lines cannot unfold into billions.
 */
export function readYamlDocuments(text: string, limits: YamlLimits): readonly YamlDocument[] {
  const plain = readPlainYaml(text, limits);
  return plain === undefined ? readUnusualYaml(text, limits) : [{ line: plain.line, read: () => plain }];
}

/** The same by the library, whatever the text. */
export function readUnusualYaml(text: string, limits: YamlLimits): readonly YamlDocument[] {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
  const documents = parseAllDocuments(text, options);
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const line = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line;
    return { line, read: () => readDocument(document, lines, line, limits) };
  });
}

function readDocument(document: Document.Parsed, lines: LineCounter, line: number, limits: YamlLimits): YamlTree {
  const fault = document.errors[0];
  if (fault !== undefined) {
    const code = fault.code === 'RESOURCE_EXHAUSTION' ? 'yaml_too_deep' : 'yaml_syntax';
    throw new RefusedRule(
      code,
      Math.max(1, lines.linePos(fault.pos[0]).line),
      `Cannot read the YAML: ${fault.message}`,
    );
  }
  const anchors = new Map<string, Node>();
  let nodes = 0;

  function lineOf(node: unknown, fallback: number): number {
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return fallback;
    return node.range ? lines.linePos(node.range[0]).line : fallback;
  }

  function convert(node: unknown, depth: number, fallbackLine: number): YamlTree {
    nodes += 1;
    const at = lineOf(node, fallbackLine);
    if (nodes > limits.maxNodes) {
      throw new RefusedRule(
        'yaml_too_many_nodes',
        at,
        `Cannot read the document: it has over ${limits.maxNodes} nodes`,
      );
    }
    if (depth > limits.maxDepth) {
      throw new RefusedRule('yaml_too_deep', at, `Cannot read the document: it is nested over ${limits.maxDepth} deep`);
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) throw new RefusedRule('yaml_syntax', at, `Cannot resolve the alias "*${node.source}"`);
      return convert(target, depth + 1, at);
    }
    if (isMap(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return { kind: 'map', line: at, entries: convertPairs(node.items, depth, at) };
    }
    if (isSeq(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return { kind: 'list', line: at, items: node.items.map((item) => convert(item, depth + 1, at)) };
    }
    if (isScalar(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return convertScalar(node.value, node.source, at);
    }
    return { kind: 'scalar', line: at, value: null, text: '' };
  }

  function convertPairs(pairs: readonly { key: unknown; value: unknown }[], depth: number, at: number): YamlEntry[] {
    const seen = new Set<string>();
    return pairs.map((pair) => {
      const keyNode = convert(pair.key, depth + 1, at);
      if (keyNode.kind !== 'scalar') throw new RefusedRule('yaml_syntax', keyNode.line, 'A key must be a plain string');
      const key = typeof keyNode.value === 'string' ? keyNode.value : keyNode.text;
      if (key === '<<') throw new RefusedRule('yaml_syntax', keyNode.line, 'Merge keys "<<" are not part of YAML 1.2');
      if (seen.has(key)) throw new RefusedRule('yaml_duplicate_key', keyNode.line, `The key "${key}" is there twice`);
      seen.add(key);
      return { key, line: keyNode.line, value: convert(pair.value, depth + 1, keyNode.line) };
    });
  }

  return convert(document.contents, 0, line);
}

function convertScalar(value: unknown, source: string | undefined, line: number): YamlScalar {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', line, value, text: source ?? String(value ?? '') };
  }
  throw new RefusedRule('invalid_value', line, 'A value must be a string, a number, a boolean or null');
}

/** The value under `key`, or undefined. */
export function entryOf(map: YamlMap, key: string): YamlTree | undefined {
  return map.entries.find((entry) => entry.key === key)?.value;
}
