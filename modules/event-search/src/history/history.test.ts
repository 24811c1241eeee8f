import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { comparePositions, formatPosition } from '@sallyport/contracts';
import { createProjectionRunner, type AuditEvent, type LedgerEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase, type OpenDatabase } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createEmbeddedStore } from '../embedded-store.ts';
import type { EventStore } from '../event-store.ts';
import { createEventSearch, eventSearchMigrations, type EventSearch } from '../index.ts';
import { parseQuery } from '../query-language.ts';
import { createTestStore } from '../store-testing.ts';
import { sealedBody, shownToday, todaysText, yesterdaysText } from './history-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const directory = mkdtempSync(join(tmpdir(), 'sallyport-history-'));
const databases: OpenDatabase[] = [];
after(async () => {
  for (const database of databases) await database.close();
  await testStore.remove();
  rmSync(directory, { recursive: true, force: true });
});

const by: Principal = { kind: 'operator', id: 'operator', name: 'operator', scopes: [] };
const soon = () => AbortSignal.timeout(60_000);
const today = [{ name: 'door.yaml', text: todaysText }];
let salt = 0;

async function newWorld() {
  await store.remove({ from: { log: 0, index: 0 } });
  salt += 1;
  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, `${salt}.db`) });
  databases.push(opened);
  const { database } = opened;
  await migrate(database, [eventSearchMigrations]);
  const clock = createManualClock(Date.UTC(2026, 3, salt));
  const ledger = createMemoryLedger({ clock });
  const recorded: AuditEvent[] = [];
  let sequence = 0;
  const append = async (bodies: readonly Uint8Array[]): Promise<void> => {
    const entries = bodies.map((body) => ({ classUid: 3002, sequence: (sequence += 1), body }));
    await ledger.append({ collector: 'test', priority: 'intake', entries });
  };
  const outbox = {
    record: async (_: unknown, event: AuditEvent) => void recorded.push(event),
    flushed: () => append(recorded.splice(0).map(({ event }) => Buffer.from(JSON.stringify(event)))),
  };
  const start = (
    parts: { store?: EventStore; mappings?: typeof today; createRemapWorker?: () => Worker } = {},
  ): EventSearch =>
    createEventSearch({ store, database, ledger, outbox, clock, mappings: today, log: () => undefined, ...parts });
  const follow = (search: EventSearch) =>
    createProjectionRunner({
      ledger,
      projection: search.projection,
      log: createLog({ clock, write: () => undefined }),
      delay: () => delay(2),
      limits: { maxEvents: 7, maxBytes: 1e6 },
    });
  const doors = (count: number) =>
    append(
      Array.from({ length: count }, (_, at) =>
        at % 5 === 4
          ? sealedBody({ message: `other ${at}` })
          : sealedBody({ kind: 'door', who: `u${at}`, from: '10.9.8.7' }),
      ),
    );
  return { ledger, append, doors, start, follow };
}
type World = Awaited<ReturnType<typeof newWorld>>;

/** Every event of the ledger once; those before `until` as today's mappings show them. */
async function assertShown({ ledger }: World, search: EventSearch, isAnew: (event: LedgerEvent) => boolean) {
  const { events } = await search.search({ sort: 'oldest', limit: 1000 });
  assert.deepEqual(
    events.map(({ position, event }) => [formatPosition(position), event]),
    ledger.events().map((event) => {
      const shown = isAnew(event) ? shownToday(event) : event;
      return [formatPosition(event.position), JSON.parse(Buffer.from(shown.body ?? []).toString())];
    }),
  );
}

async function countOf(search: EventSearch, q: string): Promise<number> {
  const { condition } = parseQuery(q);
  return (await search.count(condition === undefined ? {} : { query: condition })).count;
}

/** Until it is done and everything is applied. */
async function settled({ ledger }: World, search: EventSearch, runner: ReturnType<World['follow']>): Promise<void> {
  const signal = soon();
  while ((await search.history.standing()).state !== 'done') {
    signal.throwIfAborted();
    await delay(2);
  }
  await runner.caughtUpTo(ledger.head(), signal);
}

test('a mapping changed between: search finds by the new field, and what the ledger holds and proves is as it was', async () => {
  const world = await newWorld();
  const { ledger } = world;
  await world.doors(30);
  const search = world.start();
  const runner = world.follow(search);
  await runner.caughtUpTo(ledger.head(), soon());
  assert.equal(await countOf(search, 'src_ip:10.9.8.7'), 0);
  const position = { log: 1, index: 0 };
  const [proof, sealed] = [await ledger.prove(position), await search.event(position)];
  assert.deepEqual(await search.history.standing(), { state: 'none', mappings: 'sealed', kept: 0 });

  assert.equal((await search.history.ask('today', by)).state, 'asked');
  await settled(world, search, runner);
  const { until, ...standing } = await search.history.standing();
  assert.ok(until !== undefined && comparePositions(until, ledger.head()) === 0);
  assert.deepEqual([standing.state, standing.mappings, standing.kept], ['done', 'today', 0]);
  assert.equal(await countOf(search, 'src_ip:10.9.8.7'), 24);
  assert.equal(await countOf(search, 'unmapped.sallyport.remapped.sealed:door@1'), 24);
  await assertShown(world, search, () => true);
  const [found] = (await search.search({ sort: 'oldest', limit: 1 })).events;
  assert.deepEqual(found?.remapped, { sealed: 'door@1', by: 'door@2', holds: 'remapped' });

  assert.equal(await ledger.prove(position), proof);
  assert.deepEqual(await search.event(position), {
    ...sealed,
    remapped: { sealed: 'door@1', by: 'door@2', holds: 'sealed' },
  });
  const audit = ledger.events().at(-1);
  assert.match(Buffer.from(audit?.body ?? []).toString(), /"event_code":"search.remap"/);

  // What comes later was mapped when it came; and there is a way back.
  await world.doors(5);
  await runner.caughtUpTo(ledger.head(), soon());
  await assertShown(world, search, (event) => comparePositions(event.position, until) < 0);
  await search.history.ask('sealed', by);
  await settled(world, search, runner);
  await assertShown(world, search, () => false);
  assert.equal((await search.history.standing()).mappings, 'sealed');
  await runner.stop();
});

class Killed extends Error {}

test('killed before or after any step of it, with events streaming in, it goes on: nothing missing, nothing double', async () => {
  let isDone = false;
  for (let at = 0; !isDone; at += 1) {
    const world = await newWorld();
    await world.doors(9);
    const quiet = world.start();
    const first = world.follow(quiet);
    await first.caughtUpTo(world.ledger.head(), soon());
    await first.stop();
    await quiet.history.ask('today', by);

    let steps = 0;
    const around =
      <Arguments extends unknown[]>(work: (...args: Arguments) => Promise<void>) =>
      async (...args: Arguments): Promise<void> => {
        if (steps++ === at) throw new Killed();
        await work(...args);
        if (steps++ === at) throw new Killed();
      };
    const dying = world.start({ store: { ...store, insert: around(store.insert), remove: around(store.remove) } });
    const { projection } = dying;
    try {
      let { cursor } = await projection.load(world.ledger.head());
      while (comparePositions(cursor, world.ledger.head()) < 0) {
        const range = await world.ledger.read(cursor, { maxEvents: 7, maxBytes: 1e6 });
        await projection.apply(range);
        cursor = range.to;
      }
      isDone = true;
    } catch (error) {
      assert.ok(error instanceof Killed, String(error));
    }
    await world.doors(3);
    if (at % 4 === 1) await testStore.kill();
    const again = world.start();
    const runner = world.follow(again);
    await settled(world, again, runner);
    const { until } = await again.history.standing();
    await assertShown(world, again, (event) => until !== undefined && comparePositions(event.position, until) < 0);
    await runner.stop();
  }
});

test('the store killed with -9 again and again while it is filled and events stream in: every event once, as it is to be shown', async () => {
  const world = await newWorld();
  await world.doors(120);
  const search = world.start();
  const runner = world.follow(search);
  await runner.caughtUpTo(world.ledger.head(), soon());
  await search.history.ask('today', by);
  for (let round = 0; round < 3; round += 1) {
    await world.doors(20);
    await testStore.kill();
  }
  await settled(world, search, runner);
  const { until } = await search.history.standing();
  await assertShown(world, search, (event) => until !== undefined && comparePositions(event.position, until) < 0);
  await runner.stop();
});

test('asked twice at once it is done once; who reads meanwhile is told, and one event is read from the ledger', async () => {
  const world = await newWorld();
  await world.doors(10);
  const search = world.start();
  const runner = world.follow(search);
  await runner.caughtUpTo(world.ledger.head(), soon());
  await runner.stop();
  const asked = await Promise.allSettled([search.history.ask('today', by), search.history.ask('today', by)]);
  assert.deepEqual(asked.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await assert.rejects(search.history.ask('today', by), { code: 'history_busy' });
  const audits = world.ledger.events().filter(({ body }) => Buffer.from(body ?? []).includes('search.remap'));
  assert.equal(audits.length, 1, 'what was refused is not recorded as done');

  await search.projection.load(world.ledger.head());
  const range = await world.ledger.read({ log: 1, index: 0 }, { maxEvents: 4, maxBytes: 1e6 });
  await search.projection.apply(range);
  const rebuilding = { through: range.to, until: world.ledger.head() };
  for (const answer of [
    await search.search({}),
    await search.count({}),
    await search.histogram({}),
    await search.topValues({}, 'user', 3),
    await search.health(),
  ])
    assert.deepEqual(answer.rebuilding, rebuilding);
  assert.equal((await search.count({})).count, 4);
  const late = await search.event({ log: 1, index: 9 });
  assert.equal(late.remapped, undefined);
  await assert.rejects(search.event({ log: 0, index: 9 }), { code: 'event_not_found' });
  await assert.rejects(search.event({ log: 1, index: 10 }), { code: 'event_not_found' }, 'an entry of the log itself');
  await search.history.ask('sealed', by);
  const after = world.follow(search);
  await settled(world, search, after);
  assert.equal((await search.count({})).rebuilding, undefined);
  await assertShown(world, search, () => false);
  await after.stop();
});

test('mappings that change while it runs begin it once more; later they are told, and what is repaired is shown by them', async () => {
  const world = await newWorld();
  await world.doors(10);
  const yesterday = [{ name: 'door.yaml', text: yesterdaysText }];
  const older = world.start({ mappings: yesterday });
  const first = world.follow(older);
  await first.caughtUpTo(world.ledger.head(), soon());
  await first.stop();
  await older.history.ask('today', by);
  await older.projection.load(world.ledger.head());
  await older.projection.apply(await world.ledger.read({ log: 1, index: 0 }, { maxEvents: 4, maxBytes: 1e6 }));
  const search = world.start();
  assert.equal((await search.history.standing()).mappings, 'older');
  const runner = world.follow(search);
  await settled(world, search, runner);
  await assertShown(world, search, () => true);
  await runner.stop();
  assert.equal((await world.start({ mappings: yesterday }).history.standing()).mappings, 'older');
  await store.remove({ from: { log: 0, index: 0 } });
  const again = world.start();
  const refill = world.follow(again);
  await refill.caughtUpTo(world.ledger.head(), soon());
  await assertShown(world, again, () => true);
  await refill.stop();
});

test('without having been asked nothing is mapped: no thread is started', async () => {
  const world = await newWorld();
  await world.doors(10);
  const search = world.start({
    createRemapWorker() {
      throw new Error('a thread was started');
    },
  });
  const runner = world.follow(search);
  await runner.caughtUpTo(world.ledger.head(), soon());
  await assertShown(world, search, () => false);
  await runner.stop();
});
