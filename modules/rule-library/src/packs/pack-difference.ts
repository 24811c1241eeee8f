import type { FindingLevel } from '@sallyport/contracts';
import { compareCatalogues } from './compare-catalogues.ts';
import type { RuleChange } from './compare-catalogues.ts';
import type { FileChange } from './compare-files.ts';
import { heldBack, offIds } from './let-in.ts';
import type { HeldBack } from './let-in.ts';
import { fileOf } from './read-catalogue.ts';
import type { PackCatalogue, PackRefusal } from './read-catalogue.ts';
import type { PackState } from './pack-state.ts';

export type ShownChange = RuleChange & {
  /** Why the rule is not put into force, as the pack stands. */
  readonly heldBack: HeldBack | undefined;
  /** File of a rule outside the pack that has the id already: that one counts. */
  readonly takenBy: string | undefined;
};

export type DifferenceFilter = {
  readonly change?: RuleChange['change'] | undefined;
  readonly level?: FindingLevel | undefined;
  /** Only those whose detection changed, or that are new or gone. */
  readonly detectionOnly?: boolean | undefined;
  /** Part of title, id or path. */
  readonly text?: string | undefined;
};

export type DifferenceSummary = {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly detectionChanged: number;
  readonly unchanged: number;
  readonly collisions: number;
  /** Of all rules of the release, how many are not put into force, and why. */
  readonly heldBack: Readonly<Record<HeldBack, number>>;
  readonly refused: number;
};

export type Difference = {
  readonly summary: DifferenceSummary;
  readonly changes: readonly ShownChange[];
  readonly refusals: readonly PackRefusal[];
  /** Of the files in which no rule stands, such as its licence. Undefined where those of the release in force cannot be read. */
  readonly files: readonly FileChange[] | undefined;
};

/** A release beside the one in force. */
export function differenceOf(input: {
  readonly state: PackState;
  readonly before: PackCatalogue | undefined;
  readonly after: PackCatalogue;
  readonly inForce: readonly { readonly id: string; readonly file: string }[];
}): Omit<Difference, 'files'> {
  const { state, before, after } = input;
  const off = offIds(state);
  const own = fileOf(state.name, '');
  const takenBy = new Map(input.inForce.flatMap(({ id, file }) => (file.startsWith(own) ? [] : [[id, file]])));
  const { changes, unchanged } = compareCatalogues(before, after);
  const held = { level: 0, status: 0, off: 0 };
  for (const rule of after.rules) {
    const reason = heldBack(rule, state.policy, off);
    if (reason !== undefined) held[reason] += 1;
  }
  const count = (wanted: RuleChange['change']): number => changes.filter(({ change }) => change === wanted).length;
  return {
    summary: {
      added: count('added'),
      removed: count('removed'),
      changed: count('changed'),
      detectionChanged: changes.filter(({ changed }) => changed.includes('detection')).length,
      unchanged,
      collisions: after.rules.filter(({ id }) => takenBy.has(id)).length,
      heldBack: held,
      refused: after.refusals.length,
    },
    changes: changes.map((one) => ({
      ...one,
      heldBack: heldBack(one.rule, state.policy, off),
      takenBy: takenBy.get(one.rule.id),
    })),
    refusals: after.refusals,
  };
}

export function fitsFilter({ change, changed, rule }: ShownChange, filter: DifferenceFilter): boolean {
  if (filter.change !== undefined && filter.change !== change) return false;
  if (filter.level !== undefined && filter.level !== rule.level) return false;
  if (filter.detectionOnly === true && change === 'changed' && !changed.includes('detection')) return false;
  const text = filter.text?.toLowerCase() ?? '';
  return [rule.title, rule.id, rule.path].some((one) => one.toLowerCase().includes(text));
}
