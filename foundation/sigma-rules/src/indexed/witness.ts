import type { Atom } from './atoms.ts';
import type { Clue } from './clue.ts';
import type { Expression } from './expression.ts';

/** Atoms of which at least one must hold, or the rule does not match. `cost`: the share of events in which one may be expected to. */
export type Witness = { readonly atoms: readonly number[]; readonly cost: number };

/** The cheapest witness of the expression; undefined where it may match an event that holds nothing of what it names. */
export function witnessOf(expression: Expression, atoms: readonly Atom[]): Witness | undefined {
  return witness(expression, true);

  /** Of the expression, or of its opposite. */
  function witness(part: Expression, isPositive: boolean): Witness | undefined {
    if (part.kind === 'not') return witness(part.of, !isPositive);
    if (part.kind === 'atom') return isPositive ? witnessOfAtom(atoms[part.atom]) : undefined;
    // Where fewer than `count` of n hold, at least n - count + 1 do not.
    const count = isPositive ? part.count : part.of.length - part.count + 1;
    if (count > part.of.length) return { atoms: [], cost: 0 };
    if (count <= 0) return undefined;
    // All but `count - 1` of the parts: no way to fulfil `count` of them passes all of these by.
    const needed = part.of.length - count + 1;
    const cheapest = part.of
      .map((inner) => witness(inner, isPositive))
      .filter((found) => found !== undefined)
      .toSorted((left, right) => left.cost - right.cost)
      .slice(0, needed);
    if (cheapest.length < needed) return undefined;
    return {
      atoms: [...new Set(cheapest.flatMap((found) => found.atoms))],
      cost: cheapest.reduce((sum, found) => sum + found.cost, 0),
    };
  }
}

function witnessOfAtom(atom: Atom | undefined): Witness | undefined {
  if (atom === undefined || atom.clues.some(({ kind }) => kind === 'none')) return undefined;
  if (atom.field === undefined && !atom.clues.every(isKeywordClue)) return undefined;
  return { atoms: [atom.id], cost: expectedShare(atom) };
}

/** Keywords are looked for in all the event's text at once: only a literal anywhere in it is a clue there. */
function isKeywordClue(clue: Clue): boolean {
  return clue.kind === 'holds' && clue.text !== '';
}

/** A guess at the share of events in which the atom's clues are seen; nothing but speed depends on it. */
export function expectedShare(atom: Atom): number {
  const share = atom.clues.reduce((sum, clue) => sum + shareOf(clue), 0);
  return Math.min(0.95, share * (1 + atom.uses / 8));
}

function shareOf(clue: Clue): number {
  switch (clue.kind) {
    case 'present':
      return 0.9;
    case 'none':
      return 1;
    case 'number':
      return 0.03;
    case 'equals':
      return clue.text.length < 4 ? 0.1 : 0.004;
    case 'starts':
    case 'ends':
      return clue.text.length < 5 ? 0.2 : 0.005;
    case 'holds':
      return [1, 0.8, 0.5, 0.2, 0.08, 0.04, 0.02, 0.012, 0.008][clue.text.length] ?? 0.004;
  }
}
