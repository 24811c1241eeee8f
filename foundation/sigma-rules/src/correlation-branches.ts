import type { Condition } from './condition.ts';
import type { CorrelationBranch } from './correlation.ts';

const maxBranches = 64;

type Fault = { readonly code: 'too_complex' | 'invalid_correlation'; readonly fault: string };
type Branch = { readonly all: ReadonlySet<number>; readonly none: ReadonlySet<number> };

/**
 * An expression over rules as alternatives, of which one must hold: some rules match and others do not. Refuses what could only come true where
 * nothing happened (`not a`), what never can, and what has over 64 alternatives.
 */
export function branchesOf(
  condition: Condition,
  places: ReadonlyMap<string, number>,
): { readonly branches: readonly CorrelationBranch[]; readonly named: ReadonlySet<number> } | Fault {
  const named = new Set<number>();

  function place(name: string): number {
    const index = places.get(name) ?? 0;
    named.add(index);
    return index;
  }

  function product(parts: readonly (readonly Branch[])[]): Branch[] {
    let joined: Branch[] = [{ all: new Set(), none: new Set() }];
    for (const part of parts) {
      joined = joined.flatMap((left) =>
        part.map((right) => ({
          all: new Set([...left.all, ...right.all]),
          none: new Set([...left.none, ...right.none]),
        })),
      );
      joined = joined.filter(({ all, none }) => ![...all].some((id) => none.has(id)));
      if (joined.length > maxBranches) throw new TooMany();
    }
    return joined;
  }

  function one(name: string, holds: boolean): Branch[] {
    const only = new Set([place(name)]);
    return [holds ? { all: only, none: new Set() } : { all: new Set(), none: only }];
  }

  function atLeast(count: number, names: readonly string[], holds: boolean): Branch[] {
    if (count > names.length) return [];
    if (count <= 0) return [{ all: new Set(), none: new Set() }];
    const [first = '', ...others] = names;
    const found = [
      ...product([one(first, holds), atLeast(count - 1, others, holds)]),
      ...atLeast(count, others, holds),
    ];
    if (found.length > maxBranches) throw new TooMany();
    return found;
  }

  function alternatives(part: Condition, holds: boolean): Branch[] {
    switch (part.kind) {
      case 'identifier':
        return one(part.name, holds);
      case 'not':
        return alternatives(part.operand, !holds);
      case 'of': {
        for (const name of part.names) place(name);
        return atLeast(holds ? part.count : part.names.length - part.count + 1, part.names, holds);
      }
      case 'and':
      case 'or': {
        const parts = part.operands.map((operand) => alternatives(operand, holds));
        if ((part.kind === 'and') === holds) return product(parts);
        const found = parts.flat();
        if (found.length > maxBranches) throw new TooMany();
        return found;
      }
    }
  }

  let branches: Branch[];
  try {
    branches = alternatives(condition, true);
  } catch (error) {
    if (!(error instanceof TooMany)) throw error;
    return { code: 'too_complex', fault: `The condition has over ${maxBranches} alternatives` };
  }
  if (branches.length === 0) return { code: 'invalid_correlation', fault: 'The condition can never hold' };
  if (branches.some(({ all }) => all.size === 0)) {
    return {
      code: 'invalid_correlation',
      fault: 'The condition holds where nothing happens: a rule must match in each alternative',
    };
  }
  const inOrder = (places: ReadonlySet<number>): number[] => [...places].toSorted((a, b) => a - b);
  return { branches: branches.map(({ all, none }) => ({ all: inOrder(all), none: inOrder(none) })), named };
}

/** Stops the unfolding of one expression. It never leaves `branchesOf`. */
class TooMany extends Error {}
