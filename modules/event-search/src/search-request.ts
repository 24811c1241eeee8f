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

/** What must be true of an event. Words and filters are the leaves. */
export type Condition =
  | { readonly kind: 'filter'; readonly filter: Filter }
  /** Words that all stand somewhere in the event; of a phrase, in one value and in this order. */
  | { readonly kind: 'text'; readonly text: string; readonly isPhrase?: boolean }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

/** Which events. The time range is half-open; the query, all filters and all words must fit. */
export type EventFilter = {
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Which time the range means: when the ledger received the event (default), or what its source claimed. */
  readonly timeField?: 'received' | 'claimed';
  /** Only what stands at or before this position: the same filter means the same events for as long as it is asked. */
  readonly through?: Position;
  /** Only what stands after this position: what came since. Times cannot tell that, they are whole seconds. */
  readonly since?: Position;
  readonly where?: readonly Filter[];
  /** Words that all stand somewhere in the event. A word is letters and digits, whole, in any case. */
  readonly text?: string;
  /** Besides `where` and `text`: what was typed, see `parseQuery`. */
  readonly query?: Condition;
  /**
   * Leaves out what this server wrote about itself: all its audit records, or the reads it let through (`request.allowed`).
   * Events from outside are never left out, whatever log they say they are of.
   */
  readonly withoutOwn?: 'audit' | 'reads';
  /** Only what happened at these sites, or all but what happened at those; whole, and in this case. */
  readonly sites?: { readonly only: readonly string[] } | { readonly except: readonly string[] };
};

export type SearchRequest = EventFilter & {
  /** By receipt. Default newest. */
  readonly sort?: 'newest' | 'oldest';
  /** 1 to 1000, default 100. */
  readonly limit?: number;
  /** The position of the last event of the page before. */
  readonly after?: Position;
  /** How many events to pass over first, so that every place of a list is one request away. */
  readonly offset?: number;
};

export const searchLimits = {
  maxFilters: 50,
  /** Of all lists of a query together. */
  maxValues: 200,
  maxValueCharacters: 4096,
  maxPathParts: 16,
  maxFieldCharacters: 256,
  /** In one query, over all its parts; each is looked up in the index. */
  maxWords: 32,
  /** Brackets and NOTs within each other. */
  maxDepth: 16,
  maxEvents: 1000,
  maxOffset: 1_000_000_000,
  maxBuckets: 2000,
} as const;
