import type { LedgerEvent } from '@sallyport/ledger';
import type { Bounds, ClosedBounds } from './bounds.ts';
import type { QueryRequest } from './store-protocol.ts';

/** How many rows a range holds, and at how many different positions; more rows than positions means doubled ones. */
export type RangeExtent = { readonly rows: number; readonly positions: number };

export type QueryReply = {
  /** One JSON object a line. */
  readonly lines: string;
  /** Time the engine took. */
  readonly elapsedMs: number;
};

/** The engine bounds the length of a statement. */
export const maxRangesAtOnce = 500;

/**
 * Where events stand for search; embedded ClickHouse, or a cluster that speaks the same SQL.
 * Whatever throws may or may not have happened: ask `extent` before trying again.
 */
export type EventStore = {
  /** Durable when it resolves. A token that was used before inserts nothing, whatever the rows are. */
  insert(events: readonly LedgerEvent[], token: string): Promise<void>;
  /** Rows are gone for every later call when it resolves. */
  remove(bounds: Bounds): Promise<void>;
  /** The same of many ranges at once; at most `maxRangesAtOnce`. */
  removeAll(ranges: readonly ClosedBounds[]): Promise<void>;
  /** Rows in these ranges. */
  countAll(ranges: readonly ClosedBounds[]): Promise<number>;
  /** Exact; meant for ranges of some thousand positions. */
  extent(bounds: Bounds): Promise<RangeExtent>;
  countRows(bounds: Bounds): Promise<number>;
  /** The position of the last row of a log before `end`, if there is one. */
  lastIndex(log: number, end: number): Promise<number | undefined>;
  query(request: QueryRequest): Promise<QueryReply>;
};
