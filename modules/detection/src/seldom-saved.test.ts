// What comes of saving seldom: under load for hours, when a save fails, when forgetting fails halfway.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { comparePositions } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { openDatabase } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import {
  composeRuleSet,
  createCorrelationEngine,
  defaultCorrelationLimits,
  defineCorrelations,
  parseSigmaRules,
} from '@sallyport/sigma-rules';
import { createCursor } from './cursor.ts';
import { append, catchUp, setUp } from './detection.fixture.ts';
import { noExceptions } from './exceptions.ts';
import { createSavedState } from './saved-state.ts';
import { createStateSeal } from './state-seal.ts';

const repeated =
  'title: Repeated\nid: c-repeated\ncorrelation:\n    type: event_count\n    rules: [r-failed]\n    group-by: [src_endpoint.ip]\n    timespan: 10m\n    condition: { gte: 3 }';
const rules = `title: Sign-in failed\nid: r-failed\nlogsource: { product: sallyport, service: audit }\ndetection:\n    selection:\n        metadata.event_code: sign-in.failed\n    condition: selection\n---\n${repeated}`;

const failed: JsonObject = {
  class_uid: 3002,
  metadata: { version: '1.8.0', log_name: 'audit', event_code: 'sign-in.failed' },
  src_endpoint: { ip: '192.0.2.7' },
};

async function openMemory(): Promise<Database> {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  after(close);
  return database;
}

/** What is saved of a real engine, in a real database; nothing else is counted. */
async function world() {
  const database = await openMemory();
  await setUp(database);
  const clock = createManualClock(0);
  const engine = createCorrelationEngine({ ...defaultCorrelationLimits, groups: 100_000, rows: 400_000 });
  const { correlations } = composeRuleSet(parseSigmaRules(rules, { file: 't.yml' }));
  engine.use(defineCorrelations(correlations, (written) => written));
  const cursor = createCursor(database);
  const saved = createSavedState({
    database,
    clock,
    cursor,
    correlations: engine,
    seal: createStateSeal(new Uint8Array(32).fill(7)),
    limit: { takeChanges: () => [] },
    arrivals: { takeChanges: () => ({ arrivals: [], removed: [], evicted: 0 }) },
    exceptions: noExceptions,
  });
  return { database, clock, engine, cursor, saved };
}

async function savedGroups(database: Database): Promise<number> {
  const tables = database.withTables<{ detection_correlation_groups: { group_key: string } }>();
  return (await tables.selectFrom('detection_correlation_groups').select('group_key').execute()).length;
}

const foundIn = (ledger: Awaited<ReturnType<typeof setUp>>['ledger']): number =>
  ledger.events().filter(({ classUid }) => classUid === 2004).length;

test('groups that are over do not become more, though more of them come between two saves than go as one', async () => {
  const { database, engine, saved } = await world();
  const perWave = 8_000;
  let index = 0;
  for (let wave = 0; wave < 4; wave += 1) {
    saved.begin();
    const { timeMs } = engine.begin({ source: 's', receivedAtMs: 1_700_000_000_000 + wave * 3_600_000 });
    for (let one = 0; one < perWave; one += 1) {
      index += 1;
      const position = { log: 1, index };
      engine.count({ correlationId: 'c-repeated', group: `g${index}`, position, timeMs, member: 0, value: 0 });
    }
    await saved.done({ to: { log: 1, index }, events: perWave, matches: perWave });
    assert.equal(await savedGroups(database), perWave);
  }
});

test('after an hour of much, what is little is saved within seconds', async () => {
  const { clock, cursor, saved } = await world();
  let index = 0;
  const range = async (matches: number): Promise<void> => {
    index += 1;
    saved.begin();
    await saved.done({ to: { log: 1, index }, events: matches, matches });
  };
  for (let second = 0; second < 3600; second += 1) {
    clock.advance(1000);
    await range(5000);
  }
  await range(1);
  assert.equal((await cursor.read()).index, index - 1);
  for (let second = 0; second < 3; second += 1) {
    clock.advance(1000);
    await saved.catchUp();
  }
  assert.equal((await cursor.read()).index, index);
});

test('a save that fails behind everything else is logged and shown, until one goes well', async () => {
  const tasks = new Set<() => void>();
  const every = (_intervalMs: number, task: () => void): (() => void) => {
    tasks.add(task);
    return () => tasks.delete(task);
  };
  const logged: string[] = [];
  const log = {
    error: (message: string, fields?: JsonObject) => void logged.push(`${message}: ${fields?.['reason']}`),
  };
  let isFull = false;
  const exceptions = {
    ...noExceptions,
    save: async () => {
      if (isFull) throw new Error('disk is full');
    },
  };
  const limits = { matchingThreads: 1, rangesSavedAtOnce: 1 };
  const { ledger, clock, directory, restart } = await setUp(await openMemory(), { every, log, exceptions, limits });
  directory.write('story.yml', rules);
  const { projection, health } = await restart();
  await append(ledger, [failed]);
  await catchUp(projection, ledger);
  assert.equal(health().saveError, undefined);
  await append(ledger, [failed]);
  let range = await ledger.read(health().cursor, { maxEvents: 100, maxBytes: 1e6 });
  await projection.apply(range);
  isFull = true;
  clock.advance(5000);
  for (const task of tasks) task();
  // Behind it in turn: memory is not what is saved.
  range = await ledger.read(range.to, { maxEvents: 100, maxBytes: 1e6 });
  await assert.rejects(projection.apply(range), { code: 'scan_interrupted' });
  assert.deepEqual(logged, ['Cannot save what detection counted: disk is full']);
  assert.equal(health().saveError, 'disk is full');
  isFull = false;
  clock.advance(5000);
  await catchUp(projection, ledger);
  assert.equal(health().saveError, undefined);
  await append(ledger, [failed]);
  await catchUp(projection, ledger);
  assert.equal(foundIn(ledger), 1);
});

for (const failing of [1, 2, 3])
  test(`what was erased counts no more, though forgetting failed at reading ${failing}`, async () => {
    const database = await openMemory();
    let reads = -Infinity;
    const { ledger, directory, restart } = await setUp(
      failingAt(database, () => {
        reads += 1;
        return reads === failing;
      }),
    );
    directory.write('story.yml', rules);
    const { projection, forget, health } = await restart();
    const [, second] = await append(ledger, [failed, failed]);
    assert.ok(second !== undefined);
    await catchUp(projection, ledger);
    ledger.erase(second);
    const erased = [{ log: second.log, from: second.index, to: second.index + 1 }];
    reads = 0;
    await assert.rejects(forget(erased), { message: 'connection lost' });
    await forget(erased);
    await append(ledger, [failed]);
    const range = await ledger.read(health().cursor, { maxEvents: 100, maxBytes: 1e6 });
    await assert.rejects(projection.apply(range), { code: 'scan_interrupted' });
    await catchUp(projection, ledger);
    assert.equal(comparePositions(health().cursor, ledger.head()), 0);
    assert.equal(foundIn(ledger), 0, 'two that are left are no three');
  });

/** The database, but whoever selects the groups is asked for. */
function failingAt(database: Database, fails: () => boolean): Database {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'withTables') return value.bind(target);
      return () =>
        new Proxy(target, {
          get(tables, method) {
            const found: unknown = Reflect.get(tables, method, tables);
            if (typeof found !== 'function') return found;
            return (...given: unknown[]): unknown => {
              if (method === 'selectFrom' && given[0] === 'detection_correlation_groups' && fails())
                throw new Error('connection lost');
              return Reflect.apply(found, tables, given);
            };
          },
        });
    },
  });
}
