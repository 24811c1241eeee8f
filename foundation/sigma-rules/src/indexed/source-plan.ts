import type { Atom } from './atoms.ts';
import type { EventReader } from './event-reader.ts';
import { createFieldIndex } from './field-index.ts';
import type { FieldIndex } from './field-index.ts';
import { createTextSearch } from './text-search.ts';
import type { TextBytes } from './text-bytes.ts';
import type { TextSearch } from './text-search.ts';

/** A rule as far as the index is concerned. */
export type IndexedRule = {
  readonly position: number;
  /** Atoms of which one must hold; undefined: the rule is asked for every event. */
  readonly witness: readonly number[] | undefined;
  /** All atoms its condition has. */
  readonly atoms: readonly number[];
};

/** How the events of one kind of source are matched: the rules that may look there, and what they look for, by field. */
export type SourcePlan = {
  /** By number of field. */
  readonly fields: readonly (FieldIndex | undefined)[];
  readonly keywords: TextSearch | undefined;
  /** Rules asked for every event. */
  readonly always: readonly number[];
  /** By atom: the rules to ask when it is seen. */
  readonly wakes: readonly (readonly number[] | undefined)[];
  /** By atom: 1 where the index alone decides, so that an atom not seen does not hold. */
  readonly isDecided: Uint8Array;
};

/** Rules are given by position. `fieldNumber` knows every field that an atom of theirs names. */
export function createSourcePlan(
  rules: readonly IndexedRule[],
  atoms: readonly Atom[],
  { fieldNumber, fieldCount }: Pick<EventReader, 'fieldNumber' | 'fieldCount'>,
  textBytes: TextBytes,
): SourcePlan {
  const wakes: (number[] | undefined)[] = atoms.map(() => undefined);
  const indexed = new Set<number>();
  const always: number[] = [];
  for (const { position, witness, atoms: asked } of rules) {
    if (witness === undefined) always.push(position);
    for (const id of witness ?? []) {
      indexed.add(id);
      const woken = wakes[id];
      if (woken === undefined) wakes[id] = [position];
      else woken.push(position);
    }
    for (const id of asked) {
      const atom = atoms[id];
      if (atom !== undefined && isCheap(atom)) indexed.add(id);
    }
  }
  const isDecided = new Uint8Array(atoms.length);
  const byField = new Map<number, Atom[]>();
  const keywords = new Map<string, number[]>();
  for (const id of indexed) {
    const atom = atoms[id];
    if (atom === undefined) continue;
    if (atom.isSure) isDecided[id] = 1;
    if (atom.field === undefined) {
      for (const clue of atom.clues) if ('text' in clue) append(keywords, clue.text, ~id);
      continue;
    }
    const field = fieldNumber(atom.field);
    if (field === undefined) throw new TypeError(`There is no number for the field "${atom.field}"`);
    append(byField, field, atom);
  }
  const fields = Array.from({ length: fieldCount }, (_, field) => {
    const asked = byField.get(field);
    return asked === undefined ? undefined : createFieldIndex(asked, textBytes);
  });
  return {
    fields,
    keywords: keywords.size === 0 ? undefined : createTextSearch(keywords, textBytes),
    always,
    wakes,
    isDecided,
  };
}

/** Found by one look into a table, so that it costs nothing to have all of them decided beforehand. */
function isCheap(atom: Atom): boolean {
  return atom.isSure && atom.clues.every(({ kind }) => kind !== 'holds');
}

function append<Key, Value>(table: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = table.get(key);
  if (list === undefined) table.set(key, [value]);
  else list.push(value);
}
