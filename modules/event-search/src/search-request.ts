import type { Position } from '@sallyport/contracts';

/** Text compares without regard to case, as in Sigma; names of fields keep theirs. */
export type FilterOperator =
  | 'eq'
  | 'neq'
  | 'contains'
  | 'startswith'
  | 'endswith'
  | 'wildcard'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'exists'
  | 'in'
  | 'cidr';

export type Filter = {
  /** A promoted field, a dotted OCSF path (`actor.process.name`), or an original field (`raw.CommandLine`, `raw.Event.EventData.Image`). */
  readonly field: string;
  readonly op: FilterOperator;
  /** One value; `in` takes several, `exists` none. `wildcard` knows `*` and `?`, with `\` before one that is meant literally. */
  readonly value?: string | number | readonly (string | number)[];
  /** The opposite: an event without the field fits then too. */
  readonly negated?: boolean;
};

/** Which events. The time range is half-open; all filters and all words must fit. */
export type EventFilter = {
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Which time the range means: when the ledger received the event (default), or what its source claimed. */
  readonly timeField?: 'received' | 'claimed';
  readonly where?: readonly Filter[];
  /** Words that all stand somewhere in the event. A word is letters and digits, whole, in any case. */
  readonly text?: string;
  /** Texts of which none may be there. */
  readonly excludedTexts?: readonly string[];
};

export type SearchRequest = EventFilter & {
  /** By receipt. Default newest. */
  readonly sort?: 'newest' | 'oldest';
  /** 1 to 1000, default 100. */
  readonly limit?: number;
  /** The position of the last event of the page before. */
  readonly after?: Position;
};

export const searchLimits = {
  maxFilters: 50,
  maxValues: 200,
  maxValueCharacters: 4096,
  maxPathParts: 16,
  maxFieldCharacters: 256,
  maxWords: 32,
  maxEvents: 1000,
  maxBuckets: 2000,
} as const;
