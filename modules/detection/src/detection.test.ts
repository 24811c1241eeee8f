import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BroadcastChannel } from 'node:worker_threads';
import { parseFinding } from '@sallyport/contracts';
import type { Finding, JsonValue } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { sql } from 'kysely';
import { append, catchUp, processEvent, ruleText, setUp, startMs } from './detection.fixture.ts';

const actor = { kind: 'operator', id: 'op-1', name: 'Ada', scopes: [] } as const;
const certutil = processEvent('C:\\Windows\\certutil.exe');
const harmless = processEvent('C:\\Windows\\notepad.exe');

function findingsIn(ledger: MemoryLedger): Finding[] {
  return ledger.events().flatMap(({ classUid, body }) => {
    if (classUid !== 2004) return [];
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    return parseFinding(value) ?? assert.fail('a finding of ours does not parse');
  });
}

const summary = (ledger: MemoryLedger) => findingsIn(ledger).map(({ rule, input }) => `${rule.id} ${input.index}`);

forEachDatabase((name, open) => {
  test(`a match becomes a finding that says what, where and why on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger } = await setUp(database);
    const [, input] = await append(ledger, [harmless, certutil]);
    assert.ok(input);
    await catchUp(detection.projection, ledger);
    const [finding, ...others] = findingsIn(ledger);
    assert.deepEqual(others, []);
    assert.ok(finding);
    assert.match(finding.uid, /^[0-9a-f]{32}$/);
    assert.deepEqual(finding, {
      uid: finding.uid,
      title: 'Certutil',
      createdAtMs: startMs,
      level: 'high',
      rule: { id: 'r-certutil', file: 'own/certutil.yml' },
      attacks: [],
      input,
      generation: 1,
      matched: [{ field: 'Image', value: 'C:\\Windows\\certutil.exe' }],
      host: 'web-1',
    });
    const written = ledger.events().find(({ classUid }) => classUid === 2004);
    assert.equal(written && ledger.collectorAt(written.position), 'detection');
    const { eventsScanned, matches, skipped, lag } = detection.health();
    assert.deepEqual([eventsScanned, matches, skipped, lag], [2, 1, 0, 0]);
  });

  test(`a crash between finding and cursor leads to no second finding on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger, restart, clock } = await setUp(database);
    await append(ledger, [certutil, harmless, certutil]);
    await sql`alter table detection_cursor rename to detection_cursor_away`.execute(database);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await assert.rejects(detection.projection.apply(range));
    assert.deepEqual(summary(ledger), ['r-certutil 0', 'r-certutil 2']);
    const before = ledger.events();
    await sql`alter table detection_cursor_away rename to detection_cursor`.execute(database);
    clock.advance(86_400_000);
    const restarted = await restart();
    assert.deepEqual((await restarted.projection.load(ledger.head())).cursor, { log: 1, index: 0 });
    await catchUp(restarted.projection, ledger);
    assert.deepEqual(ledger.events(), before);
  });

  test(`an append that failed, recorded or not, is made good on the next run on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger } = await setUp(database);
    await append(ledger, [certutil]);
    ledger.refuseAppends('unavailable', { recorded: true });
    await assert.rejects(catchUp(detection.projection, ledger), { code: 'unavailable' });
    ledger.refuseAppends('disk_low');
    await assert.rejects(catchUp(detection.projection, ledger), { code: 'disk_low' });
    await catchUp(detection.projection, ledger);
    assert.deepEqual(summary(ledger), ['r-certutil 0']);
  });

  test(`a control database newer than the ledger is put back to the head on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger } = await setUp(database);
    await append(ledger, [harmless, harmless, harmless]);
    await catchUp(detection.projection, ledger);
    const head = { log: 1, index: 1 };
    assert.deepEqual((await detection.projection.load(head)).cursor, head);
    assert.deepEqual((await detection.projection.load(ledger.head())).cursor, head);
  });

  test(`reload() leaves an audit event in the ledger before it resolves on ${name}`, async () => {
    const { database } = await open();
    const { detection, ledger, directory } = await setUp(database);
    directory.write('second.yml', ruleText({ id: 'r-second' }));
    const before = detection.ruleSet().hash;
    const set = await detection.reload(actor);
    assert.deepEqual(
      set.rules.map(({ id }) => id),
      ['r-certutil', 'r-second'],
    );
    assert.notEqual(set.hash, before);
    const audit = ledger.events().find(({ classUid }) => classUid === 5019);
    const text = new TextDecoder().decode(audit?.body);
    assert.match(text, /rules\.reload.*"loaded":2,"refused":0/);
    assert.ok(text.includes(set.hash));
  });
});

// What follows does not depend on the engine of the control database.
forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('findings are not matched, so a rule that matches everything ends', async () => {
    const { database } = await open();
    const { detection, ledger, directory } = await setUp(database);
    directory.write('all.yml', ruleText({ id: 'r-all', detection: 'selection:\n    - certutil\n' }));
    await detection.reload(actor);
    await append(ledger, [certutil]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual(
      summary(ledger)
        .filter((line) => line.endsWith(' 2'))
        .toSorted(),
      ['r-all 2', 'r-certutil 2'],
    );
    assert.equal(detection.health().matches, findingsIn(ledger).length);
  });

  test('an event no rule can be evaluated on leaves a finding that says so, once', async () => {
    const { database } = await open();
    const { detection, ledger, restart } = await setUp(database);
    await append(ledger, [certutil, new TextEncoder().encode('not JSON'), certutil]);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await detection.projection.apply(range);
    await (await restart()).projection.apply(range);
    assert.deepEqual(summary(ledger), ['r-certutil 0', 'sallyport-detection-skipped 1', 'r-certutil 2']);
    assert.equal(detection.health().skipped, 1);
  });

  test('an event that kills the matching thread leaves a finding, and its neighbours theirs', async () => {
    const { database } = await open();
    const { ledger, restart } = await setUp(database);
    const detection = await restart({ workerUrl: new URL('./hostile-worker.fixture.ts', import.meta.url) });
    await append(
      ledger,
      ['a', 'exit', 'b'].map((text) => new TextEncoder().encode(text)),
    );
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await detection.projection.apply(range);
    assert.deepEqual(summary(ledger), ['every-event 0', 'sallyport-detection-skipped 1', 'every-event 2']);
    assert.ok(detection.health().threadRestarts > 0);
  });

  test('an event whose key was destroyed is counted and passed', async () => {
    const { database } = await open();
    const { detection, ledger } = await setUp(database);
    const [first] = await append(ledger, [certutil, certutil]);
    assert.ok(first);
    ledger.erase(first);
    await catchUp(detection.projection, ledger);
    assert.deepEqual(summary(ledger), ['r-certutil 1']);
    assert.equal(detection.health().erased, 1);
  });

  test('rules that cannot be loaded hold scanning up, not the start, until a reload brings some in', async () => {
    const { database } = await open();
    const { ledger, restart, directory } = await setUp(database);
    const bombs = ['a.yml', 'b.yml', 'c.yml', 'd.yml'];
    for (const bomb of bombs) directory.write(bomb, 'exit');
    const detection = await restart({ workerUrl: new URL('./hostile-worker.fixture.ts', import.meta.url) });
    assert.match(detection.health().loadError ?? '', /death/);
    await append(ledger, [new TextEncoder().encode('a')]);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await assert.rejects(detection.projection.apply(range), { code: 'rules_unloadable' });
    await assert.rejects(detection.reload(actor), { code: 'rules_unloadable' });
    directory.write('a.yml', 'fine');
    const { refusals } = await detection.reload(actor);
    assert.deepEqual(
      refusals.map(({ file }) => file),
      ['own/b.yml', 'own/c.yml', 'own/d.yml'],
    );
    assert.equal(detection.health().loadError, undefined);
    await detection.projection.load(ledger.head());
    await detection.projection.apply(range);
    assert.deepEqual(summary(ledger), ['every-event 0']);
    const outcomes = ledger.events().filter(({ classUid }) => classUid === 5019);
    assert.equal(outcomes.length, 2);
  });

  test('while a reload stalls, the old rules match: there is no gap', async () => {
    const { database } = await open();
    const { ledger, restart, directory } = await setUp(database);
    const spins = new BroadcastChannel('detection-spins');
    const tasks = new Set<() => void>();
    after(() => spins.close());
    const every = (_intervalMs: number, task: () => void) => {
      tasks.add(task);
      return () => tasks.delete(task);
    };
    const workerUrl = new URL('./hostile-worker.fixture.ts', import.meta.url);
    const detection = await restart({ workerUrl, every });
    directory.write('stall.yml', 'spin');
    const spinning = new Promise<void>((resolve) => {
      spins.addEventListener('message', () => resolve());
    });
    const reload = detection.reload(actor);
    await spinning;
    await append(ledger, [new TextEncoder().encode('a')]);
    await detection.projection.apply(await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 }));
    assert.deepEqual(summary(ledger), ['every-event 0']);
    for (let second = 0; second <= 120; second += 1) for (const task of tasks) task();
    const { rules, refusals } = await reload;
    assert.deepEqual([rules.length, refusals.map(({ file }) => file)], [1, ['own/stall.yml']]);
  });

  test('of a noisy rule the first matches of an hour are told, then tenfolds, the same after a crash', async () => {
    const { database } = await open();
    const { ledger, restart, clock } = await setUp(database);
    const noisy = await restart({ limits: { findingsPerHour: 3 } });
    await append(
      ledger,
      Array.from({ length: 35 }, () => certutil),
    );
    await sql`alter table detection_cursor rename to detection_cursor_away`.execute(database);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 12, maxBytes: 1e6 });
    await assert.rejects(noisy.projection.apply(range));
    await sql`alter table detection_cursor_away rename to detection_cursor`.execute(database);
    for (let at = 0; at < 3; at += 1) {
      const { projection } = await restart({ limits: { findingsPerHour: 3 } });
      const { cursor } = await projection.load(ledger.head());
      await projection.apply(await ledger.read(cursor, { maxEvents: 12, maxBytes: 1e6 }));
    }
    const told = ['r-certutil 0', 'r-certutil 1', 'r-certutil 2', 'r-certutil 3', 'r-certutil 29'];
    assert.deepEqual(summary(ledger), told);
    assert.match(findingsIn(ledger)[4]?.description ?? '', /^30 matches since 2026-01-02T03:00:00.000Z/);
    clock.advance(3_600_000);
    const next = await restart({ limits: { findingsPerHour: 3 } });
    const [position] = await append(ledger, [certutil]);
    await catchUp(next.projection, ledger);
    assert.deepEqual(summary(ledger), [...told, `r-certutil ${position?.index}`]);
  });

  test('a rule known by a long name makes findings that the ledger takes', async () => {
    const { database } = await open();
    const { ledger, restart, directory } = await setUp(database);
    const id = 'n'.repeat(250);
    directory.write('long.yml', ruleText({ id }));
    const detection = await restart();
    await append(ledger, [certutil]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual(summary(ledger).toSorted(), [`${id} 0`, 'r-certutil 0']);
  });

  test('close() gives up the range being applied, and the next start repeats it', async () => {
    const { database } = await open();
    const { detection, ledger, restart } = await setUp(database);
    await append(ledger, [certutil, certutil]);
    const release = ledger.holdAppends();
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    const applied = assert.rejects(detection.projection.apply(range), { code: 'detection_stopped' });
    while (ledger.waitingAppends() === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = detection.close();
    release();
    await Promise.all([applied, closed]);
    const restarted = await restart();
    await catchUp(restarted.projection, ledger);
    assert.deepEqual(summary(ledger), ['r-certutil 0', 'r-certutil 1']);
  });

  test('no rules at all is a rule set: events pass', async () => {
    const { database } = await open();
    const { ledger, restart } = await setUp(database);
    const detection = await restart({ ruleDirectories: [{ name: 'own', path: '/nonexistent' }] });
    await append(ledger, [certutil]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual([summary(ledger), detection.health().rulesLoaded], [[], 0]);
  });

  test('rule() gives a rule in force and refuses another with a code', async () => {
    const { database } = await open();
    const { detection } = await setUp(database);
    assert.equal(detection.rule('r-certutil').title, 'Certutil');
    assert.throws(() => detection.rule('r-none'), { code: 'rule_unknown' });
  });
});
