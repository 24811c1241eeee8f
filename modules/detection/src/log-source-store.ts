import type { Database, Transaction } from '@sallyport/platform/database';
import type { ArrivalChanges, SavedArrivals } from './log-source-arrivals.ts';

type Tables = {
  detection_log_sources: { name: string; first_seen_ms: number; last_seen_ms: number; days: string };
};

const rowsPerStatement = 500;
/** The row that holds how many were forgotten. No source has this name: each has two bars. */
const forgotten = '';

export async function readLogSources(database: Database): Promise<SavedArrivals> {
  const rows = await database.withTables<Tables>().selectFrom('detection_log_sources').selectAll().execute();
  return {
    arrivals: rows
      .filter(({ name }) => name !== forgotten)
      .map((row) => ({
        name: row.name,
        firstSeenMs: row.first_seen_ms,
        lastSeenMs: row.last_seen_ms,
        days: daysOf(row.days),
      })),
    evicted: Number(rows.find(({ name }) => name === forgotten)?.days ?? 0),
  };
}

/** Belongs into the transaction that moves the cursor: what came and how far was read are one state. */
export async function saveLogSources(
  transaction: Transaction,
  { arrivals, removed, evicted }: ArrivalChanges,
): Promise<void> {
  const tables = transaction.withTables<Tables>();
  const rows = arrivals.map(({ name, firstSeenMs, lastSeenMs, days }) => ({
    name,
    first_seen_ms: firstSeenMs,
    last_seen_ms: lastSeenMs,
    days: [...days].map(([day, events]) => `${day}:${events}`).join(' '),
  }));
  if (removed.length > 0) rows.push({ name: forgotten, first_seen_ms: 0, last_seen_ms: 0, days: String(evicted) });
  const names = [...removed, ...rows.map(({ name }) => name)];
  for (let from = 0; from < names.length; from += rowsPerStatement) {
    const part = names.slice(from, from + rowsPerStatement);
    await tables.deleteFrom('detection_log_sources').where('name', 'in', part).execute();
  }
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const part = rows.slice(from, from + rowsPerStatement);
    await tables.insertInto('detection_log_sources').values(part).execute();
  }
}

function daysOf(text: string): ReadonlyMap<number, number> {
  return new Map(
    text
      .split(' ')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [day = 0, events = 0] = pair.split(':').map(Number);
        return [day, events];
      }),
  );
}
