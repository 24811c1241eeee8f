import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { openDatabase, type Database } from '@sallyport/platform/database';
import { countStored, createEncryptedColumns, encrypted, openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import { createLog } from '@sallyport/platform/log';
import { createColumnRotations } from './column-rotation.ts';
import type { ColumnRotation, ColumnRotations } from './column-rotation.ts';

type Tables = { notes: { id: string; text: Encrypted } };
const name = 'notes/columns';

type House = {
  readonly database: Database;
  /** The server as it is started on what is kept. */
  start(): Promise<Running>;
};
type Running = {
  readonly keys: ColumnKeys;
  readonly rotations: ColumnRotations;
  write(id: string, text: string): Promise<void>;
  read(id: string): Promise<string>;
  /** The next rotation that ends. */
  ended(): Promise<ColumnRotation>;
  /** Lets what waits to forget the former versions go on. */
  pass(): void;
};

/** Where the process ends: at the write of the key versions of this order, or when so many rows were sealed anew. */
type Kill =
  | { readonly at: 'keys'; readonly order: number; readonly isWritten: boolean }
  | { readonly at: 'row'; readonly after: number };

async function openHouse(
  context: { after(work: () => Promise<void>): void },
  kill?: { now: Kill | undefined; isHit: boolean },
): Promise<House> {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  context.after(close);
  await database.schema
    .createTable('notes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('text', 'text')
    .execute();
  const kept = new Map<string, Uint8Array>();
  const store = {
    open: async (secret: string) => kept.get(secret),
    async seal(secret: string, bytes: Uint8Array) {
      seals += 1;
      const now = kill?.now?.at === 'keys' && kill.now.order === seals ? kill.now : undefined;
      if (now?.isWritten !== false) kept.set(secret, bytes);
      if (kill !== undefined && now !== undefined) {
        kill.isHit = true;
        throw new Error('planted: killed');
      }
    },
  };
  let seals = 0;
  let sealedRows = 0;
  return {
    database,
    async start() {
      const keys = await openColumnKeys({ store, name, tenant: 'local', random: randomBytes });
      const columns = createEncryptedColumns<Tables>({
        keys,
        random(bytes) {
          sealedRows += 1;
          if (kill?.now?.at === 'row' && sealedRows > kill.now.after) {
            kill.isHit = true;
            throw new Error('planted: killed');
          }
          return randomBytes(bytes);
        },
        tables: { notes: { row: 'id', columns: { text: encrypted() } } },
      });
      let tell = (_rotation: ColumnRotation): void => undefined;
      let go = (): void => undefined;
      const clock = createManualClock(0);
      const rotations = createColumnRotations({
        keyrings: [{ name, keys }],
        database,
        clock,
        log: createLog({ clock, write: () => undefined }),
        delay: (_ms, signal) =>
          new Promise((resolve, reject) => {
            go = resolve;
            signal.addEventListener('abort', () => reject(new Error('stopped')));
          }),
        onEnded: (_name, rotation) => tell(rotation),
      });
      context.after(() => rotations.close());
      return {
        keys,
        rotations,
        write: async (id, text) => void (await columns.on(database).insertInto('notes').values({ id, text }).execute()),
        read: async (id) =>
          (await columns.on(database).selectFrom('notes').select('text').where('id', '=', id).executeTakeFirstOrThrow())
            .text,
        ended: () => new Promise((resolve) => (tell = resolve)),
        pass: () => go(),
      };
    },
  };
}

/** Turns of the event loop until it is so: nothing here waits by the clock. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !isSo(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isSo());
}

test('keys of columns are replaced while rows are written and read, and the former version is forgotten', async (context) => {
  const { database, start } = await openHouse(context);
  const { keys, rotations, write, read, ended, pass } = await start();
  for (let at = 0; at < 250; at += 1) await write(`note-${at}`, `text ${at}`);
  const [before] = await database
    .withTables<{ notes: { id: string; text: string } }>()
    .selectFrom('notes')
    .selectAll()
    .execute();
  const end = ended();
  const begun = await rotations.rotate(name);
  assert.deepEqual([begun.state, begun.total], ['running', 250]);
  await write('new', 'meanwhile');
  assert.equal(await read('note-249'), 'text 249');
  const rotation = await end;
  assert.deepEqual([rotation.state, rotation.done, rotation.error], ['done', 250, undefined]);
  assert.deepEqual(await countStored(database, 'notes', ['text'], 2), [
    { column: 'text', values: 251, clear: 0, older: 0 },
  ]);
  assert.deepEqual(rotations.list()[0]?.versions, [2, 1]);
  pass();
  await until(() => keys.versions().length === 1);
  assert.equal(await read('note-0'), 'text 0');
  // What somebody copied before is of no use to anybody any more.
  await database
    .withTables<{ notes: { id: string; text: string } }>()
    .updateTable('notes')
    .set({ text: before?.text ?? '' })
    .where('id', '=', 'note-0')
    .execute();
  await assert.rejects(read('note-0'), { code: 'key_version_unknown' });
});

test('a rotation that was stopped anywhere goes on at the next start', async (context) => {
  const { database, start } = await openHouse(context);
  const first = await start();
  for (let at = 0; at < 150; at += 1) await first.write(`note-${at}`, 'text');
  await first.rotations.rotate(name);
  await first.rotations.close();
  const [left] = await countStored(database, 'notes', ['text'], 2);
  assert.ok(left !== undefined && left.older > 0);
  const second = await start();
  assert.deepEqual(second.keys.versions(), [2, 1]);
  const end = second.ended();
  second.rotations.resume();
  assert.equal((await end).state, 'done');
  await until(() => second.keys.versions().length === 1);
  assert.equal(await second.read('note-149'), 'text');
});

test('a row that does not open keeps the former versions, and is said', async (context) => {
  const { database, start } = await openHouse(context);
  const { keys, rotations, write, ended } = await start();
  await write('good', 'text');
  await write('bad', 'text');
  const rows = database.withTables<{ notes: { id: string; text: string } }>();
  const { text } = await rows.selectFrom('notes').selectAll().where('id', '=', 'bad').executeTakeFirstOrThrow();
  await rows
    .updateTable('notes')
    .set({ text: `${text.slice(0, -4)}AAAA` })
    .where('id', '=', 'bad')
    .execute();
  const end = ended();
  await rotations.rotate(name);
  const { state, done, error } = await end;
  assert.deepEqual([state, done], ['failed', 1]);
  assert.match(error ?? '', /^1 rows do not open; the former versions/);
  assert.deepEqual(keys.versions(), [2, 1]);
});

test('a second rotation waits for the first, and a name nobody has is refused', async (context) => {
  const { start } = await openHouse(context);
  const { rotations, keys, write } = await start();
  await write('a', 'text');
  const both = await Promise.allSettled([rotations.rotate(name), rotations.rotate(name)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.deepEqual(keys.versions(), [2, 1]);
  await assert.rejects(rotations.rotate('other'), { code: 'vault_key_unknown' });
});

const rows = 120;
const kills: readonly Kill[] = [
  ...[1, 2, 3].flatMap((order): Kill[] => [
    { at: 'keys', order, isWritten: false },
    { at: 'keys', order, isWritten: true },
  ]),
  ...[0, 1, 49, 50, 99, 100, rows - 1].map((after): Kill => ({ at: 'row', after: rows + after })),
];

for (const at of kills)
  test(`killed at ${JSON.stringify(at)}, every row opens at the next start and one version of the keys is left in the end`, async (context) => {
    const kill: { now: Kill | undefined; isHit: boolean } = { now: undefined, isHit: false };
    const { database, start } = await openHouse(context, kill);
    kill.now = at.at === 'keys' ? at : undefined;
    const first = await start().catch(() => undefined);
    const ids = Array.from({ length: rows }, (_, order) => `note-${String(order).padStart(3, '0')}`);
    const writer = first ?? (await start());
    for (const id of ids) await writer.write(id, `text of ${id}`);
    if (at.at === 'row') kill.now = at;
    if (first !== undefined) {
      const end = first.ended();
      const isBegun = await first.rotations.rotate(name).then(
        () => true,
        () => false,
      );
      if (isBegun) {
        await end;
        first.pass();
        await until(() => kill.isHit);
      }
      await first.rotations.close();
    }
    assert.ok(kill.isHit);
    kill.now = undefined;

    const second = await start();
    for (const id of ids) assert.equal(await second.read(id), `text of ${id}`);
    const ended = second.ended();
    if (second.keys.versions().length > 1) second.rotations.resume();
    else await second.rotations.rotate(name);
    assert.equal((await ended).state, 'done');
    second.pass();
    await until(() => second.keys.versions().length === 1);
    const [left] = await countStored(database, 'notes', ['text'], second.keys.newest());
    assert.deepEqual([left?.values, left?.older, left?.clear], [rows, 0, 0]);
    for (const id of ids) assert.equal(await second.read(id), `text of ${id}`);
  });
