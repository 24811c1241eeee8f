import { anyBoundsCondition, boundsCondition, whole, type Bounds } from './bounds.ts';
import { EventSearchError } from './errors.ts';
import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { parseLines, numberIn } from './result-lines.ts';
import { encodeRows } from './row-encoding.ts';
import type { StoreClient } from './store-client.ts';
import { boundsToHead, queryToHead, rangesToHead } from './store-protocol.ts';

/** Long enough for a count over everything after a cold start. */
const projectionTimeoutMs = 60_000;

/** The `EventStore` in the store process, over frames. */
export function createEmbeddedStore(client: StoreClient): EventStore {
  const numbers = (columns: string, bounds: Bounds): Promise<Record<string, number>> =>
    numbersWhere(columns, boundsCondition(bounds));
  async function numbersWhere(columns: string, condition: string): Promise<Record<string, number>> {
    const { payload } = await client.call('query', {
      head: queryToHead({
        sql: `SELECT ${columns} FROM ${eventsTable} WHERE ${condition}`,
        parameters: {},
        lane: 'projection',
        timeoutMs: projectionTimeoutMs,
        maxRows: 10,
        maxBytes: 10_000,
      }),
    });
    const [row] = parseLines(decode(payload));
    if (row === undefined) throw new EventSearchError('query_failed', 'Cannot count rows: the engine gave no answer');
    return Object.fromEntries(Object.keys(row).map((name) => [name, numberIn(row, name)]));
  }

  return {
    async insert(events, token) {
      await client.call('insert', { head: { token }, payload: encodeRows(events) });
    },
    async remove(bounds) {
      await client.call('remove', { head: boundsToHead(bounds) });
    },
    async removeAll(ranges) {
      await client.call('remove', { head: rangesToHead(ranges) });
    },
    countAll: async (ranges) => (await numbersWhere('count() AS rows', anyBoundsCondition(ranges)))['rows'] ?? 0,
    async extent(bounds) {
      const counted = await numbers('count() AS rows, uniqExact(log, idx) AS positions', bounds);
      return { rows: counted['rows'] ?? 0, positions: counted['positions'] ?? 0 };
    },
    async countRows(bounds) {
      return (await numbers('count() AS rows', bounds))['rows'] ?? 0;
    },
    async lastIndex(log, end) {
      const found = await numbers('count() AS rows, max(idx) AS last', {
        from: { log, index: 0 },
        to: { log, index: Number(whole(end)) },
      });
      return found['rows'] === 0 ? undefined : found['last'];
    },
    async query(request) {
      const { head, payload } = await client.call('query', { head: queryToHead(request) });
      return { lines: decode(payload), elapsedMs: numberIn(head, 'elapsedMs') };
    },
  };
}

function decode(payload: Uint8Array | undefined): string {
  return payload === undefined
    ? ''
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
}
