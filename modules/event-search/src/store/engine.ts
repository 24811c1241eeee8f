import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Session } from 'chdb';
import type { EngineRows } from '../engine-rows.ts';
import { EventSearchError } from '../errors.ts';
import {
  createEventsTable,
  eventsTable,
  eventsTableFingerprint,
  insertedColumns,
  keepEventsTable,
  sealedPolicy,
  storeDatabase,
} from '../events-table.ts';
import type { QueryRequest } from '../store-protocol.ts';
import { connectionArguments, engineConfig, keyVariable } from './engine-config.ts';
import { engineError, tooLarge } from './engine-error.ts';
import { checkKey } from './key-check.ts';
import { createLane } from './lane.ts';

export type EngineOptions = {
  readonly directory: string;
  readonly key: Uint8Array;
  readonly memoryLimitBytes: number;
  readonly threads: number;
};

export type EngineNeeds = {
  /** The process environment: the engine takes the disk key from there and from nowhere else. */
  readonly environment: Record<string, string | undefined>;
  /** Ends the process: called when a query outlives its time limit, which only a stuck engine does. */
  readonly abandon: () => void;
};

export type Engine = {
  readonly version: string;
  /** The same token again inserts nothing, even with other rows. */
  insert(rows: EngineRows, token: string): Promise<void>;
  /** Rows that fulfil this condition on their positions, which is our own text. */
  remove(condition: string): Promise<void>;
  query(request: QueryRequest): Promise<{ rows: Uint8Array; elapsedMs: number }>;
  close(): void;
};

const maxWaitingSearches = 32;
const maxWaitingHunts = 4;
const stuckAfterMs = 10_000;

/**
 * Opens the store, creating it when the directory is empty, and checks that every table lies on the encrypted disk.
 * Three connections: one for the projection (inserts, removals and counts, in their order), one for searches, so that a search never
 * stands in an insert's way, and one for hunts, which read everything and wait while a search runs. Throws `EventSearchError` `store_key_invalid`, `store_key_wrong`, `store_not_encrypted`,
 * `store_open_failed`.
 */
export async function openEngine(options: EngineOptions, needs: EngineNeeds): Promise<Engine> {
  const directory = resolve(options.directory);
  checkKey(directory, options.key);
  mkdirSync(join(directory, 'disk'), { recursive: true, mode: 0o700 });
  const configFile = join(directory, 'engine.xml');
  writeFileSync(configFile, engineConfig({ directory, memoryLimitBytes: options.memoryLimitBytes }), { mode: 0o600 });
  const connectionArgs = connectionArguments({
    configFile,
    memoryLimitBytes: options.memoryLimitBytes,
    threads: options.threads,
  });

  const sessions: Session[] = [];
  const open = (): Session => {
    try {
      const session = new Session(directory, { connectionArgs });
      sessions.push(session);
      return session;
    } catch (cause) {
      throw new EventSearchError('store_open_failed', 'Cannot open the event store: the engine refused to start', {
        cause,
        hint: 'see the lines above; another process may have the same directory open',
      });
    }
  };
  const close = (): void => {
    for (const session of sessions) session.close();
  };
  needs.environment[keyVariable] = Buffer.from(options.key).toString('hex');
  try {
    const writer = open();
    const searcher = open();
    const hunter = open();
    await prepareTable(writer);
    await assertEncrypted(writer);
    await finishRemovals(writer);
    const version = await readText(writer, 'SELECT version()');
    return { version: version.trim(), ...operations({ writer, searcher, hunter }, needs), close };
  } catch (error) {
    close();
    throw engineError(error, 'store_open_failed');
  } finally {
    delete needs.environment[keyVariable];
  }
}

function operations(
  { writer, searcher, hunter }: Readonly<Record<'writer' | 'searcher' | 'hunter', Session>>,
  needs: EngineNeeds,
): Pick<Engine, 'insert' | 'remove' | 'query'> {
  const projection = createLane(Number.POSITIVE_INFINITY);
  const lanes = {
    projection: { lane: projection, session: writer },
    search: { lane: createLane(maxWaitingSearches), session: searcher },
    hunt: { lane: createLane(maxWaitingHunts), session: hunter },
  };
  return {
    insert: (rows, token) =>
      projection.run(async () => {
        try {
          await writer.insert({
            table: eventsTable,
            columns: insertedColumns,
            values: rows.values,
            format: rows.format,
            settings: {
              ...rows.settings,
              insert_deduplication_token: token,
              async_insert: 0,
              // One block: several would be deduplicated one by one, and stand on disk one by one after a kill.
              input_format_parallel_parsing: 0,
              max_insert_block_size: 10_000_000,
              min_insert_block_size_rows: 10_000_000,
              min_insert_block_size_bytes: 1_073_741_824,
              // A replay of quiet years holds many receive days; the default refuses more than 100.
              max_partitions_per_insert_block: 0,
            },
          });
        } catch (error) {
          throw engineError(error, 'store_write_failed');
        }
      }),
    remove: (condition) =>
      projection.run(async () => {
        try {
          const found = await readText(
            writer,
            `SELECT _partition_id, countIf(${condition}) AS removed, removed = count() FROM ${eventsTable} GROUP BY _partition_id HAVING removed > 0`,
          );
          for (const line of found.split('\n').filter((text) => text !== '')) {
            const [day = '', , isWhole] = line.split('\t');
            if (!/^\d{8}$/.test(day)) throw new TypeError(`Cannot remove rows of partition "${day}": must be a day`);
            // A removal of some rows looks at every part of every day; that of a whole day does not.
            const change =
              isWhole === '1'
                ? `DROP PARTITION ID '${day}'`
                : `DELETE IN PARTITION ID '${day}' WHERE ${condition} SETTINGS mutations_sync = 1`;
            await readText(writer, `ALTER TABLE ${eventsTable} ${change}`);
          }
        } catch (error) {
          throw engineError(error, 'store_write_failed');
        }
      }),
    query: (request) =>
      lanes[request.lane].lane.run(async () => {
        const { session } = lanes[request.lane];
        const stuck = setTimeout(needs.abandon, request.timeoutMs + stuckAfterMs);
        try {
          const sql = `${request.sql} ${limits(request)}`;
          const options = { format: 'JSONEachRow' };
          const hasParameters = Object.keys(request.parameters).length > 0;
          const result = await (hasParameters
            ? session.queryBindAsync(sql, request.parameters, options)
            : session.queryAsync(sql, options));
          // The limit above counts columns; as JSON, with its escapes, they are longer.
          if (result.bytes().byteLength > request.maxBytes * 2.5) throw tooLarge();
          return {
            rows: result.bytes(),
            elapsedMs: Math.round(result.elapsed * 1000),
          };
        } catch (error) {
          throw engineError(error, 'query_failed');
        } finally {
          clearTimeout(stuck);
        }
      }),
  };
}

/** In the text of the query: a `SET` would stay for the queries after it. */
function limits(request: QueryRequest): string {
  const settings = {
    readonly: 1,
    max_execution_time: request.timeoutMs / 1000,
    timeout_overflow_mode: `'throw'`,
    max_result_rows: request.maxRows,
    max_result_bytes: request.maxBytes,
    result_overflow_mode: `'throw'`,
    ...(request.lane === 'search' && { priority: 1 }),
    ...(request.lane === 'hunt' && { priority: 2, max_threads: 1 }),
  };
  return `SETTINGS ${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')}`;
}

/** A table of an older layout is dropped: what it held is in the ledger, and the projection repairs what is missing. */
async function prepareTable(session: Session): Promise<void> {
  await readText(session, `CREATE DATABASE IF NOT EXISTS ${storeDatabase} ENGINE = Atomic`);
  const fingerprint = await readText(
    session,
    `SELECT comment FROM system.tables WHERE database = '${storeDatabase}' AND name = 'events' FORMAT TSV`,
  );
  if (fingerprint.trim() === eventsTableFingerprint()) {
    await readText(session, keepEventsTable());
    return;
  }
  await readText(session, `DROP TABLE IF EXISTS ${eventsTable} SYNC`);
  await readText(session, createEventsTable());
}

/** Looks at every stored table of every database, system tables included: a log table of the engine would hold queries in clear. */
async function assertEncrypted(session: Session): Promise<void> {
  const disks = await readText(
    session,
    "SELECT toString(min(is_encrypted)) FROM system.disks WHERE name = 'sealed' FORMAT TSV",
  );
  const tables = await readText(
    session,
    `SELECT concat(database, '.', name, ' ', storage_policy) FROM system.tables
     WHERE lower(database) NOT IN ('system', 'information_schema') OR match(engine, 'MergeTree$|Log$') AND NOT startsWith(engine, 'System')
     FORMAT TSVRaw`,
  );
  const stored = tables.split('\n').filter((line) => line !== '');
  const plain = stored.filter((line) => !line.endsWith(` ${sealedPolicy}`)).map((line) => line.split(' ')[0] ?? '');
  if (disks.trim() === '1' && plain.length === 0 && stored.length > 0) return;
  throw new EventSearchError(
    'store_not_encrypted',
    `Cannot serve the event store: table "${plain[0] ?? eventsTable}" must lie on the encrypted disk`,
    {
      details: { tables: plain },
    },
  );
}

/** A removal that a kill interrupted goes on after the start; counts are true only when it is done. */
async function finishRemovals(session: Session): Promise<void> {
  const open = await readText(session, `SELECT count() FROM system.mutations WHERE NOT is_done FORMAT TSV`);
  if (open.trim() === '0') return;
  await readText(session, `ALTER TABLE ${eventsTable} DELETE WHERE 0 SETTINGS mutations_sync = 1`);
}

async function readText(session: Session, sql: string): Promise<string> {
  const result = await session.queryAsync(sql, { format: 'TSV' });
  return result.text();
}
