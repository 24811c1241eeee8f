import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from '@sallyport/contracts';
import { openDatabase, type Database } from '@sallyport/platform/database';
import { blindIndex, createEncryptedColumns, encrypted, openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { BlindIndex, Encrypted, EncryptedColumns } from '@sallyport/platform/encrypted-columns';
import type { Bench } from './bench.ts';
import { withDirectory } from './repository.ts';
import { rounded, summarise } from './statistics.ts';

type Tables = { people: { id: string; name: Encrypted; name_key: BlindIndex; address: Encrypted } };
type PlainTables = { people: { id: string; name: string; name_key: string; address: string } };
type Row = { readonly id: string; readonly name: string; readonly address: string };
type Way = {
  insert(rows: readonly Row[]): Promise<void>;
  find(name: string): Promise<unknown>;
  readAll(): Promise<readonly unknown[]>;
};
type Costs = { readonly insert_us: number; readonly find_us: number; readonly read_us: number };

/** Rows of two encrypted columns, one of them with a blind index, beside the same rows in the clear. */
export const fieldEncryption: Bench = {
  name: 'field-encryption',
  target: 'a row of two encrypted columns costs less than 100 µs more to write, and less than 50 µs more to read',
  run: async ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const count = options.tiny ? 200 : 2000;
      const rounds = options.tiny ? 1 : 3;
      const costs: { readonly clear: Costs[]; readonly sealed: Costs[] } = { clear: [], sealed: [] };
      for (let round = 0; round <= rounds; round += 1) {
        for (const kind of ['clear', 'sealed'] as const) {
          const { database, close } = await openDatabase({
            kind: 'sqlite',
            file: join(directory, `${kind}-${round}.db`),
          });
          await createTable(database);
          const measured = await measure(
            kind === 'clear' ? clearWay(database) : sealedWay(database, await columns()),
            count,
          );
          await close();
          // The first round warms up.
          if (round === 0 && rounds > 1) continue;
          costs[kind].push(measured);
          progress(`round ${round}, ${kind}: ${JSON.stringify(measured)}`);
        }
      }
      const figures: Record<string, JsonObject> = {};
      const ratios: Record<string, number> = {};
      for (const what of ['insert_us', 'find_us', 'read_us'] as const) {
        const clear = summarise(costs.clear.map((cost) => cost[what]));
        const sealed = summarise(costs.sealed.map((cost) => cost[what]));
        figures[what] = { clear, sealed, more_per_row: rounded(sealed.median - clear.median) };
        ratios[`${what.replace('_us', '')}_to_clear`] = rounded(sealed.median / clear.median);
      }
      return {
        processed: count * costs.sealed.length,
        inputs: { rows: count, encrypted_columns: 2, blind_indexes: 1, name_bytes: 12, address_bytes: 60 },
        figures,
        ratios,
        notes: [
          'Microseconds of processor time a row, through the query builder, SQLite in a file; inserts in transactions of 100 rows, one statement a row',
          'find: one row by its name, by the blind index beside an ordinary index; read: all rows in one query',
        ],
      };
    }),
};

async function columns(): Promise<EncryptedColumns<Tables>> {
  const store = { open: async () => undefined, seal: async () => undefined };
  const keys = await openColumnKeys({ store, name: 'bench', tenant: 'bench', random: randomBytes });
  const name = encrypted({ index: blindIndex('name_key', { normalise: (text) => text.toLowerCase() }) });
  return createEncryptedColumns<Tables>({
    keys,
    random: randomBytes,
    tables: { people: { row: 'id', columns: { name, address: encrypted() } } },
  });
}

async function createTable({ schema }: Database): Promise<void> {
  await schema
    .createTable('people')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull().unique())
    .addColumn('address', 'text', (column) => column.notNull())
    .execute();
}

function clearWay(database: Database): Way {
  const tables = database.withTables<PlainTables>();
  return {
    insert: (rows) =>
      tables.transaction().execute(async (transaction) => {
        for (const row of rows)
          await transaction
            .insertInto('people')
            .values({ ...row, name_key: row.name.toLowerCase() })
            .execute();
      }),
    find: (name) =>
      tables.selectFrom('people').selectAll().where('name_key', '=', name.toLowerCase()).executeTakeFirstOrThrow(),
    readAll: () => tables.selectFrom('people').selectAll().execute(),
  };
}

function sealedWay(database: Database, encryptedColumns: EncryptedColumns<Tables>): Way {
  const tables = encryptedColumns.on(database);
  return {
    insert: (rows) =>
      database.transaction().execute(async (transaction) => {
        const within = encryptedColumns.on(transaction);
        for (const row of rows) await within.insertInto('people').values(row).execute();
      }),
    find: (name) => tables.selectFrom('people').selectAll().where('name', '=', name).executeTakeFirstOrThrow(),
    readAll: () => tables.selectFrom('people').selectAll().execute(),
  };
}

async function measure(way: Way, count: number): Promise<Costs> {
  const rows = Array.from({ length: count }, (_, at): Row => {
    const digits = String(at).padStart(6, '0');
    return {
      id: `id-${digits}`,
      name: `Person${digits}`,
      address: `rtsp://admin:${digits}@camera-${digits}.example/stream`.padEnd(60, 'x'),
    };
  });
  const perRow = async (task: () => Promise<void>, of: number): Promise<number> => {
    const before = process.cpuUsage();
    await task();
    const { user, system } = process.cpuUsage(before);
    return rounded((user + system) / of);
  };
  const insert = await perRow(async () => {
    for (let at = 0; at < count; at += 100) await way.insert(rows.slice(at, at + 100));
  }, count);
  const find = await perRow(async () => {
    for (const { name } of rows) await way.find(name);
  }, count);
  let found = 0;
  const reads = 3;
  const read = await perRow(async () => {
    for (let at = 0; at < reads; at += 1) found += (await way.readAll()).length;
  }, count * reads);
  if (found !== count * reads) throw new Error(`Read ${found} rows, must be ${count * reads}`);
  return { insert_us: insert, find_us: find, read_us: read };
}
