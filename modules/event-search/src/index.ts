import type { Position } from '@sallyport/contracts';
import type { Projection } from '@sallyport/ledger';
import { builtInMappings } from '@sallyport/ocsf';
import { messageOf } from '@sallyport/platform/errors';
import { createEmbeddedStore } from './embedded-store.ts';
import { createHistoryMapper, fingerprintOf } from './history/history-mapper.ts';
import { createRemapHistory, type RemapHistory } from './history/remap-history.ts';
import { createRemapThread, startRemapWorker } from './history/remap-thread.ts';
import { createSearchOfHistory } from './history/search-of-history.ts';
import { createNeighbours, type Neighbours } from './neighbours.ts';
import type { EventSearchNeeds } from './needs.ts';
import { createErasedRows } from './erased-rows.ts';
import { rangeBytes } from './insert-size.ts';
import { createSearchProjection } from './projection.ts';
import { createRangeJournal } from './range-journal.ts';
import { createSearchOfErased } from './search-of-erased.ts';
import { createRowScan, type RowScan } from './row-scan.ts';
import { createSearch, type Rebuilding, type Search } from './search.ts';

export { EventSearchError, eventSearchProblems } from './errors.ts';
export type { EventSearchErrorCode } from './errors.ts';
export type { EventStore, QueryReply, RangeExtent } from './event-store.ts';
export { createNeighbours, entityFields, neighbourLimits } from './neighbours.ts';
export type { EntityField, EntityValue, Neighbour, Neighbours } from './neighbours.ts';
export type { EventSearchNeeds } from './needs.ts';
export { promotedValue } from './promoted-value.ts';
export { parseQuery } from './query-language.ts';
export { eventSearchMigrations } from './range-journal.ts';
export { createRemapRoutes } from './history/remap-routes.ts';
export type { RemapHistory } from './history/remap-history.ts';
export { RebuildingAnswer, shownRebuilding } from './rebuilding-answer.ts';
export { createEventSearchRoutes } from './routes.ts';
export { createEmbeddedStore } from './embedded-store.ts';
export { createRowScan } from './row-scan.ts';
export type { CandidatePage, RowExtent, RowScan, ScannedRow } from './row-scan.ts';
export type { Cost, FoundEvent, Rebuilding, SearchPage } from './search.ts';
export { filterParameters, maySeeAudit, visibleEvents } from './visible-events.ts';
export type { FilterQuery } from './visible-events.ts';
export type { ExportNeeds } from './export-routes.ts';
export type { Condition, EventFilter, Filter, FilterOperator, SearchRequest } from './search-request.ts';
export { createStoreClient } from './store-client.ts';
export type { StoreClient, StoreClientNeeds } from './store-client.ts';

export type EventSearchHealth = {
  readonly isUp: boolean;
  readonly rows: number | undefined;
  /** Entries between the cursor and the head, block entries included; undefined across logs. */
  readonly lagEntries: number | undefined;
  readonly cursor: Position;
  readonly lastError: string | undefined;
  /** Present while the store is filled again because somebody asked for it. */
  readonly rebuilding?: Rebuilding;
};

export type EventSearch = Search & {
  /** History by other mappings than it was sealed by. */
  readonly history: RemapHistory;
  /** Everything that is kept, in order, for whoever looks at it with more than a search can say. */
  readonly rows: RowScan;
  /** Who and what stands in the same events as given values. */
  readonly neighbours: Neighbours;
  /** Feed it with `createProjectionRunner`. */
  readonly projection: Projection;
  /** About how much of the ledger is worth being put together for it. */
  readonly rangeBytes: number;
  /**
   * Makes what is stored of these entries what the ledger gives out now; half-open, by index. Throws when the store is away:
   * call again. Gives how many rows were written.
   */
  forget(ranges: readonly { readonly log: number; readonly from: number; readonly to: number }[]): Promise<number>;
  /** Never throws because of the store. */
  health(): Promise<EventSearchHealth>;
};

/** Search over everything the ledger holds: a projection into an event store, and questions to it. */
export function createEventSearch(needs: EventSearchNeeds): EventSearch {
  const store = 'client' in needs.store ? createEmbeddedStore(needs.store.client) : needs.store;
  const { database, ledger, log, outbox, clock, mappings, memoryLimitBytes } = needs;
  const journal = createRangeJournal(database);
  const thread = createRemapThread({
    timeLimitMs: 2000,
    createWorker: needs.createRemapWorker ?? (() => startRemapWorker(mappings)),
  });
  const mapper = createHistoryMapper({ thread, fingerprint: fingerprintOf(mappings, builtInMappings) });
  const erasedRows = createErasedRows(store);
  const timeoutMs = needs.timeoutMs ?? 10_000;
  const search = createSearchOfHistory({
    search: createSearchOfErased(createSearch({ store, timeoutMs }), erasedRows),
    journal,
    ledger,
  });
  const projection = createSearchProjection({ store, journal, ledger, log, mapper, erasedRows, memoryLimitBytes });
  return {
    rangeBytes: rangeBytes(memoryLimitBytes),
    ...search,
    history: createRemapHistory({ database, journal, mapper, outbox, clock }),
    rows: { ...createRowScan(store), rebuilding: () => search.rebuilding() },
    neighbours: createNeighbours({ store, timeoutMs }),
    projection,
    forget: (ranges) =>
      projection.forget(
        ranges.map(({ log: number, from, to }) => ({
          from: { log: number, index: from },
          to: { log: number, index: to },
        })),
      ),
    async health() {
      const { cursor } = await journal.read();
      const head = ledger.head();
      const rebuilding = await search.rebuilding();
      const known = {
        cursor,
        lagEntries: head.log === cursor.log ? head.index - cursor.index : undefined,
        ...(rebuilding !== undefined && { rebuilding }),
      };
      try {
        return {
          isUp: true,
          rows: await store.countRows({ from: { log: 0, index: 0 } }),
          lastError: undefined,
          ...known,
        };
      } catch (error) {
        return { isUp: false, rows: undefined, lastError: messageOf(error), ...known };
      }
    },
  };
}
