import type { PlaceholderTable } from './placeholders.ts';
import { RefusedRule } from './refusal.ts';
import { textsOf } from './rule-attributes.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap } from './yaml-tree.ts';

const limits = { names: 10_000, values: 10_000 } as const;

/** A document with `placeholders: { name: value | [values] }`: what `%name%` stands for under `expand`. Throws `RefusedRule`. */
export function parsePlaceholderTable(document: YamlMap): PlaceholderTable {
  const tree = entryOf(document, 'placeholders');
  if (tree?.kind !== 'map') throw invalid(document.line, 'The value of "placeholders" must be a map');
  if (tree.entries.length > limits.names) throw invalid(tree.line, `There are over ${limits.names} placeholders`);
  return Object.fromEntries(
    tree.entries.map(({ key, line }) => {
      if (!/^[^%\s\\]+$/.test(key)) throw invalid(line, `"${key}" cannot stand between two "%"`);
      const values = textsOf(tree, key);
      if (values.length === 0 || values.length > limits.values) {
        throw invalid(line, `The placeholder "${key}" must have 1 to ${limits.values} values`);
      }
      return [key, values];
    }),
  );
}

/** Of two values for one name the first table's count. */
export function joinTables(tables: readonly PlaceholderTable[]): PlaceholderTable {
  return Object.fromEntries(tables.toReversed().flatMap((table) => Object.entries(table)));
}

function invalid(line: number, reason: string): RefusedRule {
  return new RefusedRule('invalid_placeholders', line, reason);
}
