import { leastCount } from './definition.ts';
import type { CorrelationDefinition } from './definition.ts';
import { createGroupShards } from './group-table.ts';
import type { GroupShards, GroupTable } from './group-table.ts';
import type { GroupRows, RowSpan, SameMatch } from './group-rows.ts';
import { measureOf } from './measure.ts';
import type { Measure } from './measure.ts';

/** All groups with their rows. */
export type GroupSpace = { readonly table: GroupTable; readonly rows: GroupRows };

/** A correlation that is in force. */
export type Counting = {
  readonly id: string;
  readonly definition: CorrelationDefinition;
  readonly measure: Measure;
  readonly groups: GroupShards;
  /** Keys of groups that are over and still saved. */
  readonly over: Set<string>;
  /** The least count of a sliding `event_count`; undefined for other measures. */
  readonly least: number | undefined;
  /** Places of rules that open a window; undefined: all do. */
  readonly opening: ReadonlySet<number> | undefined;
  /** What makes a match one that is counted already. */
  readonly sameMatch: SameMatch;
};

export function countingOf(id: string, definition: CorrelationDefinition, ordinal: number): Counting {
  const { type, condition, evaluation } = definition;
  const isTemporal = type === 'temporal' || type === 'temporal_ordered';
  return {
    id,
    definition,
    measure: measureOf(definition),
    groups: createGroupShards(ordinal),
    over: new Set(),
    least: type === 'event_count' && evaluation === 'sliding' ? leastCount(condition) : undefined,
    opening: condition.kind === 'rules' ? new Set(condition.branches.flatMap((branch) => branch.all)) : undefined,
    sameMatch: isTemporal ? 'event and rule' : type === 'value_count' ? 'event and value' : 'event',
  };
}

/** The row that opens the first window of the group. */
export function openerOf({ opening }: Counting, { chunk, from, to }: RowSpan): number | undefined {
  if (opening === undefined) return from < to ? from : undefined;
  for (let row = from; row < to; row += 1) if (opening.has(chunk.rule[row] ?? 0)) return row;
  return undefined;
}
