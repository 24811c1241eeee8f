import type { ValueTest } from '../detection.ts';
import { cluesOf } from './clue.ts';
import type { Clue } from './clue.ts';
import { testKey } from './test-key.ts';

/** One question about an event, that many rules may ask: whether a value of the field satisfies one of the tests. */
export type Atom = {
  readonly id: number;
  /** Undefined: keywords, any value of the event. */
  readonly field: string | undefined;
  readonly tests: readonly ValueTest[];
  /** One of them is seen wherever the atom holds. */
  readonly clues: readonly Clue[];
  /** Seeing one of the clues is all the atom asks. */
  readonly isSure: boolean;
  /** How often rules ask it: what many ask for, many events have. */
  uses: number;
};

export type AtomTable = {
  readonly atoms: readonly Atom[];
  idOf(field: string | undefined, tests: readonly ValueTest[]): number;
};

export function createAtomTable(): AtomTable {
  const atoms: Atom[] = [];
  const known = new Map<string, Atom>();
  return {
    atoms,
    idOf(field, tests) {
      const key = `${field === undefined ? '' : `=${field}`}\n${tests.map(testKey).join('\n')}`;
      const found = known.get(key);
      if (found !== undefined) {
        found.uses += 1;
        return found.id;
      }
      const clues = tests.flatMap(cluesOf);
      const isSure = field !== undefined && clues.every(isSureClue);
      const atom = { id: atoms.length, field, tests, clues, isSure, uses: 1 };
      atoms.push(atom);
      known.set(key, atom);
      return atom.id;
    },
  };
}

function isSureClue(clue: Clue): boolean {
  return clue.kind === 'number' || ('sure' in clue && clue.sure);
}
