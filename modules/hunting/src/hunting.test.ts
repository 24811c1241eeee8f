import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import { sql } from 'kysely';
import { analyst, ruleText, setUp, until, viewer } from './hunting.fixture.ts';
import type { Hunting } from './index.ts';

const images = Array.from({ length: 57 }, (_, at) =>
  at % 10 === 0 ? 'certutil.exe' : at % 10 === 3 ? 'mshta.exe' : at === 7 ? 'allowed-mshta' : 'x.exe',
);
const all = { rules: { kind: 'all' }, filter: {}, by: analyst } as const;

const done = (hunting: Hunting, id: string, by: Principal = analyst) =>
  until(
    () => hunting.get(id, by),
    ({ hunt }) => hunt.endedMs !== undefined,
  );
const counts = (answer: Awaited<ReturnType<Hunting['get']>>) =>
  answer.rules.map(({ id, matches, kept }) => [id, matches, kept]);

async function actions(ledger: Awaited<ReturnType<typeof setUp>>['ledger']): Promise<string[]> {
  const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 10_000_000 });
  return events.flatMap(({ body }) => {
    const event: unknown = body === undefined ? undefined : JSON.parse(Buffer.from(body).toString());
    return isJsonObject(event) && typeof event['message'] === 'string' ? [event['message']] : [];
  });
}

test('a hunt finds what every rule matches, filters folded in, and says where', async () => {
  const { start, ledger, store } = await setUp(images);
  const hunting = start();
  const { id } = await hunting.start(all);
  const answer = await done(hunting, id);
  assert.deepEqual(counts(answer), [
    ['rule-a', 6, 6],
    ['rule-b', 6, 6],
  ]);
  assert.equal(answer.hunt.state, 'done');
  assert.equal(answer.hunt.lookedAt, 57);
  const found = await hunting.matches(id, { ruleId: 'rule-b', limit: 3 }, analyst);
  assert.deepEqual(
    found.map(({ position }) => position.index),
    [3, 13, 23],
  );
  const next = await hunting.matches(id, { ruleId: 'rule-b', limit: 3, after: { log: 1, index: 23 } }, analyst);
  assert.deepEqual(
    next.map(({ position }) => position.index),
    [33, 43, 53],
  );
  assert.deepEqual(await actions(ledger), ['hunt.start', 'hunt.end']);
  assert.ok(store.asked > 5, 'it was read in parts');
});

test('one rule by its id, and one that was typed in, which counts before one in force', async () => {
  const { start } = await setUp(images);
  const hunting = start();
  const named = await hunting.start({ ...all, rules: { kind: 'named', ids: ['rule-b'] } });
  assert.deepEqual(counts(await done(hunting, named.id)), [['rule-b', 6, 6]]);
  const typed = await hunting.start({ ...all, rules: { kind: 'typed', text: ruleText('rule-a', 'x.exe') } });
  assert.deepEqual(counts(await done(hunting, typed.id)), [['rule-a', 44, 44]]);
});

test('after a restart a hunt goes on where it stood, and finds each event once', async () => {
  const { start, store } = await setUp(images);
  const first = start();
  store.longest = 3;
  const { id } = await first.start(all);
  await until(
    () => first.get(id, analyst),
    ({ hunt }) => hunt.lookedAt >= 20,
  );
  store.isBehind = true;
  await first.close();
  const second = start();
  const before = (await second.get(id, analyst)).hunt;
  assert.ok(before.lookedAt < 57, `${before.lookedAt} were looked at`);
  store.isBehind = false;
  assert.deepEqual(counts(await done(second, id)), [
    ['rule-a', 6, 6],
    ['rule-b', 6, 6],
  ]);
  assert.equal((await second.get(id, analyst)).hunt.lookedAt, 57);
});

test('a hunt waits for the store and for live detection, and goes on by itself', async () => {
  const { start, store } = await setUp(images);
  const hunting = start();
  store.failure = 'store_unavailable';
  const { id } = await hunting.start(all);
  const read = () => hunting.get(id, analyst);
  assert.match((await until(read, ({ hunt }) => hunt.reason !== undefined)).hunt.reason ?? '', /store/);
  store.failure = undefined;
  store.isBehind = true;
  await until(read, ({ hunt }) => hunt.reason?.includes('live detection') === true);
  store.isBehind = false;
  assert.equal((await done(hunting, id)).hunt.state, 'done');
});

test('an event the store cannot give out is counted and passed over; a fault that stays ends the hunt', async () => {
  const { start, store } = await setUp(images);
  const hunting = start();
  store.longest = 0;
  const { id } = await hunting.start(all);
  assert.equal((await done(hunting, id)).hunt.unscannable, 57);
  store.failure = 'query_failed';
  const other = await hunting.start(all);
  const { hunt } = await done(hunting, other.id);
  assert.deepEqual([hunt.state, hunt.reason], ['failed', 'it was held up 5 times (query_failed)']);
});

test('a hunt that is cancelled keeps what it found, and is not cancelled twice', async () => {
  const { start, store, ledger } = await setUp(images);
  const hunting = start();
  store.isBehind = true;
  const { id } = await hunting.start(all);
  assert.equal((await hunting.cancel(id, analyst)).state, 'cancelled');
  await assert.rejects(hunting.cancel(id, analyst), { code: 'hunt_ended' });
  store.isBehind = false;
  await done(hunting, (await hunting.start(all)).id);
  assert.equal((await hunting.get(id, analyst)).hunt.state, 'cancelled');
  assert.deepEqual(await actions(ledger), ['hunt.start', 'hunt.cancel', 'hunt.start', 'hunt.end']);
});

test('who may not read the audit trail does not see a hunt through it', async () => {
  const { start } = await setUp(images);
  const hunting = start();
  const { id } = await hunting.start(all);
  await assert.rejects(hunting.get(id, viewer), { code: 'hunt_not_found' });
  await assert.rejects(hunting.matches(id, { limit: 1 }, viewer), { code: 'hunt_not_found' });
  await assert.rejects(hunting.cancel(id, viewer), { code: 'hunt_not_found' });
  assert.deepEqual(await hunting.list(viewer), []);
  const own = await hunting.start({ ...all, by: viewer });
  assert.equal((await done(hunting, own.id, viewer)).hunt.seesAudit, false);
  assert.equal((await hunting.list(analyst)).length, 2);
  const other: Principal = { ...viewer, id: 'u3' };
  await assert.rejects(hunting.get(own.id, other), { code: 'hunt_not_found' });
  await assert.rejects(hunting.cancel(own.id, other), { code: 'hunt_not_found' });
  assert.deepEqual(await hunting.list(other), []);
});

test('nothing is looked at while the store is being filled again, and what it lost then is told', async () => {
  const { start, store } = await setUp(images);
  const hunting = start();
  store.isBehind = true;
  const { id } = await hunting.start(all);
  store.isRebuilding = true;
  await assert.rejects(hunting.start(all), { code: 'hunt_not_now' });
  store.isBehind = false;
  const read = () => hunting.get(id, analyst);
  assert.equal((await until(read, ({ hunt }) => hunt.reason?.includes('filled again') === true)).hunt.lookedAt, 0);
  store.isRebuilding = false;
  assert.equal((await done(hunting, id)).hunt.reason, undefined);
  store.isBehind = true;
  const other = await hunting.start(all);
  store.rows = store.rows.slice(0, 50);
  store.isBehind = false;
  assert.match((await done(hunting, other.id)).hunt.reason ?? '', /^7 events of its start were not in the store/);
});

test('a part read before the store was emptied is read once more', async () => {
  const { start, store } = await setUp(images);
  const hunting = start();
  const whole = store.rows;
  store.isBehind = true;
  const { id } = await hunting.start(all);
  store.beforePart = () => {
    if (store.asked !== 2) return;
    store.isRebuilding = true;
    store.rows = [];
  };
  store.isBehind = false;
  const read = () => hunting.get(id, analyst);
  await until(read, ({ hunt }) => hunt.reason?.includes('filled again') === true);
  store.rows = whole;
  store.isRebuilding = false;
  assert.deepEqual(counts(await done(hunting, id)), [
    ['rule-a', 6, 6],
    ['rule-b', 6, 6],
  ]);
});

test('a rule that detection does not load is told, and does not pass for one without matches', async () => {
  const { start, store } = await setUp(images);
  const hunting = start();
  store.unloaded = ['rule-b'];
  const some = await hunting.start(all);
  assert.match((await done(hunting, some.id)).hunt.reason ?? '', /^1 of its rules could not be loaded/);
  const none = await hunting.start({ ...all, rules: { kind: 'named', ids: ['rule-b'] } });
  assert.equal((await done(hunting, none.id)).hunt.state, 'failed');
});

test('hunts asked for at once are no more than those asked for one after another', async () => {
  const { start, store } = await setUp(images);
  store.isBehind = true;
  const hunting = start();
  const asked = await Promise.allSettled(Array.from({ length: 30 }, () => hunting.start(all)));
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 3);
  assert.equal((await hunting.list(analyst)).length, 3);
});

test('hunts go on when the control database can be written again', async () => {
  const { start, database, store } = await setUp(images);
  const hunting = start();
  await sql`CREATE TRIGGER full BEFORE UPDATE ON hunts BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`.execute(
    database,
  );
  const { id } = await hunting.start(all);
  await until(
    async () => store.heldUp,
    (times) => times > 1,
  );
  await sql`DROP TRIGGER full`.execute(database);
  assert.equal((await done(hunting, id)).hunt.state, 'done');
});

test('what cannot be hunted is refused before it is recorded', async () => {
  const { start, ledger, store } = await setUp(images);
  const hunting = start();
  const typed = (text: string) => hunting.start({ ...all, rules: { kind: 'typed', text } });
  await assert.rejects(hunting.start({ ...all, rules: { kind: 'named', ids: ['nope'] } }), {
    code: 'hunt_rule_unknown',
  });
  await assert.rejects(typed('title: x\nfoo'), { code: 'hunt_rule_refused', message: /typed\.yml:2/ });
  await assert.rejects(typed('[]'), { code: 'hunt_rule_refused' });
  await assert.rejects(hunting.start({ ...all, filter: { q: 'a | count' } }), { code: 'query_is_table' });
  assert.deepEqual(await actions(ledger), []);
  store.isBehind = true;
  for (let at = 0; at < 3; at += 1) await hunting.start(all);
  await assert.rejects(hunting.start(all), { code: 'hunts_full' });
  await hunting.start({ ...all, by: viewer });
});

test('what was asked for and the texts of the rules do not lie in the control database', async () => {
  const { start, database, store } = await setUp(images);
  store.isBehind = true;
  const hunting = start();
  await hunting.start({
    ...all,
    filter: { q: 'user:"Grace Hopper"' },
    rules: { kind: 'typed', text: ruleText('r', 'GraceHopper') },
  });
  const rows = await database
    .withTables<{ hunts: Record<string, unknown> }>()
    .selectFrom('hunts')
    .selectAll()
    .execute();
  assert.equal(rows.length, 1);
  assert.doesNotMatch(JSON.stringify(rows), /Hopper/);
});
