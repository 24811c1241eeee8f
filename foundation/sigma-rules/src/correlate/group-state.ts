/** Where an event stands in the ledger. */
export type EventPosition = { readonly log: number; readonly index: number };

/** One match as it is counted. */
export type CountedRow = {
  readonly timeMs: number;
  readonly log: number;
  readonly index: number;
  readonly rule: number;
  readonly value: number;
};

/** A group as it is saved: hashes, positions, times and the numbers that are calculated with. */
export type GroupState = {
  readonly correlationId: string;
  readonly fingerprint: string;
  /** What the caller keeps groups apart by. */
  readonly group: string;
  /** Ledger time of its last match. */
  readonly touchedMs: number;
  readonly rows: readonly CountedRow[];
  readonly told: readonly number[];
  readonly folded: { readonly startMs: number; readonly count: number; readonly sum: number } | undefined;
  readonly chained: readonly ChainedCount[];
  /** Where rows count on whose event says something else. */
  readonly otherChained?: readonly { readonly of: EventPosition; readonly chained: readonly ChainedCount[] }[];
  /** For rows that stand for matches of a correlation: the events those rest on. */
  readonly bases: readonly { readonly of: EventPosition; readonly rests: readonly EventPosition[] }[];
};

export type GroupName = Pick<GroupState, 'correlationId' | 'group'>;

/** Where a match of a correlation counts on. */
export type ChainedCount = {
  readonly correlationId: string;
  /** The group, as the caller keeps groups apart. */
  readonly group: string;
  /** Place of the correlation below among the members. */
  readonly member: number;
  /** What `value_*` takes of it: a number, or 52 bits that stand for a value. */
  readonly value: number;
  readonly chained: readonly ChainedCount[];
};

export function eventName({ log, index }: EventPosition): string {
  return `${log}/${index}`;
}

/** Positions are kept as log, index, log, index…. */
export function flat(positions: readonly EventPosition[]): number[] {
  return positions.flatMap(({ log, index }) => [log, index]);
}

export function pairs(numbers: readonly number[]): EventPosition[] {
  const found: EventPosition[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) found.push({ log: numbers[at] ?? 0, index: numbers[at + 1] ?? 0 });
  return found;
}
