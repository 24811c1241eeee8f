import type { FieldValue } from '../event-view.ts';
import { numberOf } from '../value-test.ts';
import type { Atom } from './atoms.ts';
import { createEdgeSearch } from './edge-search.ts';
import { createTextSearch } from './text-search.ts';
import type { TextBytes } from './text-bytes.ts';
import type { Hits } from './literal.ts';
import type { TextSearch } from './text-search.ts';

/** All that rules of one plan look for in the values of one field. */
export type FieldIndex = {
  /** What to report when the field is there at all. */
  readonly present: Hits;
  /** Reports every atom one of whose clues the value shows. */
  look(value: FieldValue, onHits: (hits: Hits) => void): void;
};

/** A sure atom is reported by its id; one that must still be asked by `~id`, which is negative. */
export function createFieldIndex(atoms: readonly Atom[], textBytes: TextBytes): FieldIndex {
  const equals = new Map<string, number[]>();
  const numbers = new Map<number, number[]>();
  const starts = new Map<string, number[]>();
  const ends = new Map<string, number[]>();
  const holds = new Map<string, number[]>();
  const present: number[] = [];
  for (const { id, clues } of atoms) {
    for (const clue of clues) {
      switch (clue.kind) {
        case 'equals':
          add(equals, clue.text, clue.sure ? id : ~id);
          break;
        case 'number':
          add(equals, clue.text, id);
          if (!Number.isNaN(clue.number)) add(numbers, clue.number, id);
          break;
        case 'starts':
          add(starts, clue.text, clue.sure ? id : ~id);
          break;
        case 'ends':
          add(ends, clue.text, clue.sure ? id : ~id);
          break;
        case 'holds':
          add(holds, clue.text, clue.sure ? id : ~id);
          break;
        case 'present':
          present.push(~id);
          break;
        case 'none':
          break;
      }
    }
  }
  const longestEqual = Math.max(-1, ...[...equals.keys()].map((text) => text.length));
  const searches: TextSearch[] = [];
  if (starts.size > 0) searches.push(createEdgeSearch(starts, 'start'));
  if (ends.size > 0) searches.push(createEdgeSearch(ends, 'end'));
  if (holds.size > 0) searches.push(createTextSearch(holds, textBytes));

  return {
    present,
    look(value, onHits) {
      if (value.scalar === null) return;
      const text = value.folded();
      if (text.length <= longestEqual) {
        const hits = equals.get(text);
        if (hits !== undefined) onHits(hits);
      }
      if (numbers.size > 0) {
        const number = numberOf(value);
        const hits = number === undefined ? undefined : numbers.get(number);
        if (hits !== undefined) onHits(hits);
      }
      for (let at = 0; at < searches.length; at += 1) searches[at]?.search(text, onHits);
    },
  };
}

function add<Key>(table: Map<Key, number[]>, key: Key, hit: number): void {
  const hits = table.get(key);
  if (hits === undefined) table.set(key, [hit]);
  else if (!hits.includes(hit)) hits.push(hit);
}
