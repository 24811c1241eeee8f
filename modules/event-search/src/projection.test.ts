import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatPosition, type Position } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase, type OpenDatabase } from '@sallyport/platform/database';
import { createMemoryLedger, type MemoryLedger } from '@sallyport/testing/memory-ledger';
import fc from 'fast-check';
import { createEmbeddedStore } from './embedded-store.ts';
import { createErasedRows } from './erased-rows.ts';
import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { createSearchProjection } from './projection.ts';
import { createRangeJournal, eventSearchMigrations, type RangeJournal } from './range-journal.ts';
import { parseLines, textIn } from './result-lines.ts';
import { createSearchOfErased } from './search-of-erased.ts';
import { createSearch } from './search.ts';
import { createTestStore } from './store-testing.ts';

const everything = { from: { log: 0, index: 0 } };
const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const directory = mkdtempSync(join(tmpdir(), 'sallyport-search-'));
const databases: OpenDatabase[] = [];
after(async () => {
  for (const database of databases) await database.close();
  await testStore.remove();
  rmSync(directory, { recursive: true, force: true });
});

type World = { readonly ledger: MemoryLedger; readonly journal: RangeJournal; readonly messages: string[] };

/** An empty store, an empty control database and a ledger of `count` events on a day of its own, so that the one store's memory of tokens does not count. */
async function newWorld(count: number): Promise<World> {
  await store.remove(everything);
  const database = await openDatabase({ kind: 'sqlite', file: join(directory, `${databases.length}.db`) });
  databases.push(database);
  await migrate(database.database, [eventSearchMigrations]);
  const world = {
    ledger: createMemoryLedger({ clock: createManualClock(Date.UTC(2026, 4, databases.length)) }),
    journal: createRangeJournal(database.database),
    messages: [],
  };
  salt += 1;
  await append(world, count);
  return world;
}

let salt = 0;
let sequence = 0;

async function append({ ledger }: World, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 7) {
    const entries = Array.from({ length: Math.min(left, 7) }, () => {
      sequence += 1;
      return {
        classUid: 1007,
        sequence,
        body: Buffer.from(JSON.stringify({ class_uid: 1007, message: `${salt}/${sequence}` })),
      };
    });
    await ledger.append({ collector: 'test', priority: 'intake', entries });
  }
}

type Parts = { readonly store?: EventStore; readonly journal?: RangeJournal };

/** What the runner does, until the head; throws whatever the projection throws, as a kill would leave it. */
async function run(world: World, parts: Parts = {}, maxEvents = 10): Promise<void> {
  const projection = createSearchProjection({
    store: parts.store ?? store,
    journal: parts.journal ?? world.journal,
    ledger: world.ledger,
    log: (message) => world.messages.push(message),
  });
  let { cursor, unfinished } = await projection.load(world.ledger.head());
  while (formatPosition(cursor) !== formatPosition(world.ledger.head())) {
    const range =
      unfinished === undefined
        ? await world.ledger.read(cursor, { maxEvents, maxBytes: 1e6 })
        : await readExactly(world, unfinished);
    await projection.apply(range);
    unfinished = undefined;
    cursor = range.to;
  }
}

async function readExactly({ ledger }: World, { from, to }: { from: Position; to: Position }) {
  const { events } = await ledger.read(from, { maxEvents: 1000, maxBytes: 1e6 });
  return {
    from,
    to,
    events: events.filter(
      ({ position }) => position.log < to.log || (position.log === to.log && position.index < to.index),
    ),
  };
}

/** Every event of the ledger once, with its body, and nothing else. */
async function assertSame({ ledger }: World): Promise<void> {
  const { lines } = await store.query({
    sql: `SELECT concat(toString(log), '/', toString(idx), ' ', body) AS row FROM ${eventsTable} ORDER BY log, idx`,
    parameters: {},
    lane: 'search',
    timeoutMs: 60_000,
    maxRows: 100_000,
    maxBytes: 1e7,
  });
  assert.deepEqual(
    parseLines(lines).map((row) => textIn(row, 'row')),
    ledger.events().map((event) => `${formatPosition(event.position)} ${Buffer.from(event.body ?? []).toString()}`),
  );
}

class Killed extends Error {}

/** Throws before or after the `at`-th step of the journal or the store; counts steps. */
function killedAt(world: World, at: number): Parts & { steps: () => number } {
  let steps = 0;
  const around =
    <Arguments extends unknown[], Result>(work: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      if (steps === at) throw new Killed();
      steps += 1;
      const result = await work(...args);
      if (steps === at) throw new Killed();
      steps += 1;
      return result;
    };
  return {
    steps: () => steps,
    journal: {
      ...world.journal,
      begin: around(world.journal.begin),
      commit: around(world.journal.commit),
      countRemoval: around(world.journal.countRemoval),
    },
    store: { ...store, insert: around(store.insert), remove: around(store.remove) },
  };
}

test('every event is in the store once, across logs, and again after more arrive', async () => {
  const world = await newWorld(25);
  await run(world);
  await assertSame(world);
  world.ledger.openNextLog();
  await append(world, 12);
  await run(world);
  await assertSame(world);
  assert.deepEqual((await world.journal.read()).cursor, world.ledger.head());
  assert.deepEqual(world.messages, []);
});

test('an erased event keeps its row without content', async () => {
  const world = await newWorld(10);
  world.ledger.erase({ log: 1, index: 3 });
  await run(world);
  await assertSame(world);
});

test('a kill before or after any step of applying leaves every event once', async () => {
  const world = await newWorld(0);
  for (let at = 0; at < 10; at += 1) {
    await append(world, 14);
    const parts = killedAt(world, at);
    await assert.rejects(run(world, parts), Killed);
    if (at % 3 === 0) await testStore.kill();
    await run(world);
    await assertSame(world);
  }
});

test('a range of which a part reached the store is removed and written again, and a kill in that is survived', async () => {
  for (let at = -1; at < 8; at += 1) {
    const world = await newWorld(9);
    const { events, to } = await world.ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await world.journal.begin({ from: { log: 1, index: 0 }, to });
    await store.insert(events.slice(0, 4), `partial/${salt}`);
    if (at >= 0) await run(world, killedAt(world, at)).catch((error: unknown) => assert.ok(error instanceof Killed));
    await run(world);
    await assertSame(world);
  }
});

test('doubled rows of an unfinished range are found and made one', async () => {
  const world = await newWorld(6);
  const { events, to } = await world.ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
  await world.journal.begin({ from: { log: 1, index: 0 }, to });
  await store.insert(events.slice(0, 3), `twice/${salt}/a`);
  await store.insert(events.slice(0, 3), `twice/${salt}/b`);
  await run(world);
  await assertSame(world);
});

test('a store that was wiped is filled again from the beginning', async () => {
  const world = await newWorld(30);
  await run(world);
  await store.remove(everything);
  await run(world);
  await assertSame(world);
  assert.match(world.messages.join(), /goes back to 1\/0/);
});

test('rows missing or doubled in the middle are repaired in place', async () => {
  const world = await newWorld(0);
  // Sparse positions: the ledger's holes make the range wide without making it long.
  for (let block = 0; block < 3; block += 1) await append(world, 2800);
  await run(world, {}, 5000);
  await store.remove({ from: { log: 1, index: 17 }, to: { log: 1, index: 23 } });
  const { events } = await world.ledger.read({ log: 1, index: 5000 }, { maxEvents: 3, maxBytes: 1e6 });
  await store.insert(events, `double/${salt}`);
  await run(world, {}, 5000);
  await assertSame(world);
  assert.equal(world.messages.filter((message) => message.includes('repairs')).length, 2);
});

test('rows missing at the end move the cursor back to the first of them', async () => {
  const world = await newWorld(40);
  await run(world);
  await store.remove({ from: { log: 1, index: 20 } });
  await run(world);
  await assertSame(world);
  assert.match(world.messages.join(), /goes back to 1\/20/);
});

test('rows the ledger does not have, after a restore of either side, are removed', async () => {
  const world = await newWorld(20);
  await run(world);
  const ghost = (log: number, index: number) => ({
    position: { log, index },
    receivedAtMs: Date.UTC(2026, 5, 1),
    classUid: 0,
    body: Buffer.from('{}'),
  });
  await store.insert([ghost(1, 500), ghost(1, 501), ghost(2, 3)], `ghosts/${salt}`);
  await run(world);
  await assertSame(world);
  // The log was closed before rows the store knows, and the next one has begun.
  await store.insert([ghost(1, 700)], `ghosts/${salt}/closed`);
  await world.journal.commit({ log: 1, index: 800 });
  world.ledger.openNextLog();
  await append(world, 9);
  await run(world);
  await assertSame(world);
  // The ledger is older than the cursor and has not opened another log.
  await world.journal.commit({ log: 2, index: 900 });
  await world.journal.begin({ from: { log: 2, index: 900 }, to: { log: 2, index: 910 } });
  await run(world);
  await assertSame(world);
});

test('a range that is not the next one, or not the one begun, is refused', async () => {
  const world = await newWorld(20);
  const projection = createSearchProjection({
    store,
    journal: world.journal,
    ledger: world.ledger,
    log: () => undefined,
  });
  await projection.load(world.ledger.head());
  const skipped = { from: { log: 1, index: 4 }, to: { log: 1, index: 6 }, events: [] };
  await assert.rejects(projection.apply(skipped), { code: 'range_mismatch' });
  await world.journal.begin({ from: { log: 1, index: 0 }, to: { log: 1, index: 8 } });
  const other = { from: { log: 1, index: 0 }, to: { log: 1, index: 6 }, events: [] };
  await assert.rejects(projection.apply(other), { code: 'range_mismatch' });
  await run(world);
  await assertSame(world);
});

test('the store process killed at random moments while applying: every event once', async () => {
  const world = await newWorld(0);
  const moments = fc.sample(fc.integer({ min: 0, max: 40 }), { numRuns: 3, seed: 20_261_121 });
  for (const moment of moments) {
    await append(world, 60);
    let calls = 0;
    const insert: EventStore['insert'] = async (events, token) => {
      calls += 1;
      const inserting = store.insert(events, token);
      inserting.catch(() => undefined);
      if (calls === 1 + (moment % 4)) {
        for (let turn = 0; turn < moment; turn += 1) await new Promise(setImmediate);
        await testStore.kill();
      }
      await inserting;
    };
    await run(world, { store: { ...store, insert } }).catch((error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'store_unavailable', String(error));
    });
    await run(world);
    await assertSame(world);
  }
});

/** The first events of a world, as one range of which every second event was erased. */
async function eraseHalf(world: World, from: number, to: number): Promise<number> {
  const half = world.ledger.events().filter(({ position }) => position.index >= from && position.index < to);
  const erased = half.filter((_, order) => order % 2 === 0);
  for (const { position } of erased) world.ledger.erase(position);
  return erased.length;
}

function projectionOf(world: World, parts: Parts = {}) {
  const erasedRows = createErasedRows(store);
  const projection = createSearchProjection({
    store: parts.store ?? store,
    journal: parts.journal ?? world.journal,
    ledger: world.ledger,
    log: (message) => world.messages.push(message),
    erasedRows,
  });
  return { projection, erasedRows };
}

test('what the ledger no longer gives out is forgotten; time and class stay, the rest is untouched, and a refill gives the same', async () => {
  const world = await newWorld(40);
  await run(world);
  const planted = `${salt}/`;
  const { projection, erasedRows } = projectionOf(world);
  assert.equal(await erasedRows.count({}), 0);
  const erased = await eraseHalf(world, 10, 30);
  const range = { from: { log: 1, index: 10 }, to: { log: 1, index: 30 } };
  // What the range holds beside the erased is written anew as it was.
  assert.ok((await projection.forget([range])) > erased);
  await assertSame(world);
  assert.equal(await erasedRows.count({}), erased);
  assert.equal(await erasedRows.count({ through: { log: 1, index: 9 } }), 0);
  assert.equal(await erasedRows.count({ since: { log: 1, index: 29 } }), 0);
  const search = createSearchOfErased(createSearch({ store, timeoutMs: 60_000 }), erasedRows);
  const all = await search.search({ limit: 1000 });
  assert.equal(all.erased, erased);
  assert.equal(all.events.filter(({ event }) => event === undefined).length, erased);
  const found = await search.count({ text: planted });
  assert.deepEqual([found.count, found.erased], [40 - erased, erased]);
  const without = await search.count({ where: [{ field: 'message', op: 'eq', value: 'nothing', negated: true }] });
  assert.equal(without.count, 40 - erased, 'an erased event answers no question');
  const [first] = all.events;
  assert.ok(first);
  const beforeIt = await search.count({ toMs: first.receivedAtMs });
  assert.deepEqual([beforeIt.count, beforeIt.erased], [0, undefined]);
  assert.equal((await search.count({ fromMs: first.receivedAtMs, toMs: first.receivedAtMs + 1000 })).erased, erased);
  // From nothing, as after a loss of the store.
  await store.remove(everything);
  await world.journal.commit({ log: 1, index: 0 });
  await run(world);
  await assertSame(world);
});

test('forgetting that is killed at any step is made good at the next start, or by being asked again', async () => {
  for (const again of [true, false]) {
    const world = await newWorld(30);
    await run(world);
    await eraseHalf(world, 0, 40);
    const range = { from: { log: 1, index: 0 }, to: { log: 1, index: 40 } };
    let steps = 0;
    const insert: EventStore['insert'] = async () => {
      steps += 1;
      throw new Killed();
    };
    await assert.rejects(projectionOf(world, { store: { ...store, insert } }).projection.forget([range]), Killed);
    assert.equal(steps, 1);
    if (again) await projectionOf(world).projection.forget([range]);
    else await run(world);
    await assertSame(world);
  }
});

test('a range read before its content was erased is read again when it is applied', async () => {
  const world = await newWorld(21);
  const { projection } = projectionOf(world);
  await projection.load(world.ledger.head());
  const stale = await world.ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 1e6 });
  const [first] = stale.events;
  assert.ok(first?.body);
  world.ledger.erase(first.position);
  assert.equal(await projection.forget([{ from: first.position, to: { log: 1, index: 1 } }]), 0);
  await projection.apply(stale);
  await assertSame(world);
});
