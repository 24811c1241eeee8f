import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { append, catchUp, processEvent, setUp, startMs } from './detection.fixture.ts';
import { arrivalLimits, createLogSourceArrivals } from './log-source-arrivals.ts';
import { logSourceNamed, nameOfLogSource } from './log-source-name.ts';
import type { RuleSummary } from './match-protocol.ts';

const dayMs = 86_400_000;
const sysmon = 'windows|process_creation|sysmon';
const certutil = processEvent('C:\\Windows\\certutil.exe');
const startDay = Math.floor(startMs / dayMs);

const asking = (logSource: NonNullable<RuleSummary['logSource']>): ReadonlyMap<string, RuleSummary> => {
  const facts = { id: 'r', title: 'r', level: 'high', tags: [], attacks: [], file: 'r.yml', generates: true } as const;
  return new Map([['r', { ...facts, logSource }]]);
};

test('a source has one name, and what a sender puts into it is cut to plain words', () => {
  const source = { product: 'windows', category: ['process_creation'], service: ['sysmon'] };
  assert.equal(nameOfLogSource(source), sysmon);
  assert.deepEqual(logSourceNamed(sysmon), source);
  assert.equal(nameOfLogSource({}), '||');
  assert.deepEqual(logSourceNamed('||'), {});
  const forged = { product: 'zeek', service: ['x|y,z', 'A'.repeat(10), 'a'.repeat(65), 'mail for kim@example.org'] };
  assert.equal(nameOfLogSource(forged), 'zeek||other,other,other,other');
  assert.ok(nameOfLogSource({ category: Array.from({ length: 1000 }, () => 'a'.repeat(64)) }).length < 600);
});

test('of made-up sources 500 are kept, those seen longest ago go first and are counted; what rules ask for stays', () => {
  const arrivals = createLogSourceArrivals();
  arrivals.use(asking({ product: 'zeek', service: 'conn' }));
  arrivals.count('zeek||conn', startMs);
  for (let made = 0; made < 20_000; made += 1) arrivals.count(`zeek||made-${made}`, startMs + made);
  const names = new Set(arrivals.list().map(({ name }) => name));
  assert.equal(names.size, arrivalLimits.unasked + 1);
  assert.ok(names.has('zeek||conn') && names.has('zeek||made-19999') && !names.has('zeek||made-0'));
  assert.equal(arrivals.evicted(), 20_000 - arrivalLimits.unasked);
  const changes = arrivals.takeChanges();
  assert.equal(changes.arrivals.length, arrivalLimits.unasked + 1);
});

test('events are counted by day, the last thirty days with any', () => {
  const arrivals = createLogSourceArrivals();
  for (let day = 0; day < 40; day += 1)
    for (let time = 0; time <= day; time += 1) arrivals.count(sysmon, day * dayMs + time);
  const [only] = arrivals.list();
  assert.deepEqual([only?.firstSeenMs, only?.lastSeenMs], [0, 39 * dayMs + 39]);
  assert.deepEqual(
    [...(only?.days ?? [])],
    Array.from({ length: 30 }, (_, at) => [at + 10, at + 11]),
  );
});

forEachDatabase((name, open) => {
  test(`what arrived survives a restart, and a range that failed half-way counts once on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger, restart } = await setUp(database);
    await append(ledger, [certutil, certutil]);
    await catchUp(detection.projection, ledger);
    const seen = (from: typeof detection) =>
      from
        .logSources()
        .sources.filter(({ name: one }) => one === sysmon)
        .map(({ days }) => [...days]);
    assert.deepEqual(seen(detection), [[[startDay, 2]]]);

    let failures = 2;
    const failing = await restart({
      ledger: {
        ...ledger,
        async append(request) {
          failures -= 1;
          if (failures >= 0) throw new Error('planted');
          return ledger.append(request);
        },
      },
    });
    await append(ledger, [certutil, certutil, certutil]);
    await assert.rejects(catchUp(failing.projection, ledger), /planted/);
    await assert.rejects(catchUp(failing.projection, ledger), /planted/);
    await catchUp(failing.projection, ledger);
    assert.deepEqual(seen(failing), [[[startDay, 5]]]);

    const again = await restart();
    await again.projection.load(ledger.head());
    assert.deepEqual(seen(again), [[[startDay, 5]]]);
    assert.equal(again.logSources().evicted, 0);
  });

  test(`a flood of made-up sources leaves a bounded table, and its loss is known after a restart on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger, restart } = await setUp(database);
    const made = (log: number) => ({
      class_uid: 4001,
      metadata: {},
      raw_data: JSON.stringify({ _path: `made-${log}`, uid: 'C1', ts: 1 }),
    });
    await append(
      ledger,
      Array.from({ length: arrivalLimits.unasked + 40 }, (_, log) => made(log)),
    );
    await catchUp(detection.projection, ledger);
    const again = await restart();
    await again.projection.load(ledger.head());
    const { sources, evicted } = again.logSources();
    assert.deepEqual([sources.length, evicted], [arrivalLimits.unasked, 40]);
  });
});
