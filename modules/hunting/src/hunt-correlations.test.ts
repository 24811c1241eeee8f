import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyst, ruleText, setUp, until } from './hunting.fixture.ts';
import type { Hunting } from './index.ts';

const correlation = (extra: string): string =>
  `${ruleText('seen', 'mshta')}---\ntitle: Often\nid: often\ncorrelation:\n  type: event_count\n  rules: [seen]\n  group-by: [Computer]\n  timespan: 1m\n  condition: ${extra}\n`;
const done = (hunting: Hunting, id: string) =>
  until(
    () => hunting.get(id, analyst),
    ({ hunt }) => hunt.endedMs !== undefined,
  );

/** Forty events, ten seconds apart as they claim, of two computers in turn; received in the reverse order of what they claim. */
async function setUpCorrelated() {
  const made = await setUp(Array.from({ length: 40 }, () => 'mshta.exe'));
  const startMs = made.nowMs();
  made.store.rows = made.store.rows.map((row, at) => ({
    ...row,
    receivedAtMs: startMs + 500_000 + at,
    body: JSON.stringify({
      ...JSON.parse(row.body),
      Computer: `pc-${at % 2}`,
      claimedMs: startMs + 500_000 - at * 10_000,
    }),
  }));
  return { ...made, startMs };
}

const typed = (text: string) => ({ rules: { kind: 'typed', text }, filter: {}, by: analyst }) as const;

test('a hunt counts correlations in the order of the times that events claim, and says which events they rest on', async () => {
  const { start, startMs } = await setUpCorrelated();
  const hunting = start();
  const { id } = await hunting.start(typed(correlation('{ gte: 3 }')));
  const { rules, hunt } = await done(hunting, id);
  assert.equal(hunt.reason, undefined);
  assert.deepEqual(
    rules.map((rule) => [rule.id, rule.isCorrelation, rule.matches]),
    [
      ['seen', false, 40],
      ['often', true, 10],
    ],
  );
  // Every 20 s one of a computer: three after 40 s, and then none is told for a minute, so that the next time is after 120 s.
  const [first, second] = await hunting.groups(id, { limit: 2 }, analyst);
  assert.deepEqual(
    [first?.fields, first?.atMs, first?.events.map(({ index }) => index)],
    [[{ field: 'Computer', value: 'pc-1' }], startMs + 500_000 - 350_000, [39, 37, 35]],
  );
  assert.deepEqual([second?.fields[0]?.value, second?.events.map(({ index }) => index)], ['pc-0', [38, 36, 34]]);
  const next = await hunting.groups(id, { ruleId: 'often', after: second?.ordinal ?? 0, limit: 10 }, analyst);
  assert.equal(next.length, 8);
});

test('windows that close are told too, those that are open at the end among them', async () => {
  const { start } = await setUpCorrelated();
  const hunting = start();
  const { id } = await hunting.start(typed(correlation('{ lte: 2 }')));
  const { rules } = await done(hunting, id);
  // Twenty events of a computer, three to a window of a minute: the last two make one of two.
  assert.deepEqual(
    rules.map((rule) => [rule.id, rule.matches]),
    [
      ['seen', 40],
      ['often', 2],
    ],
  );
});

test('a correlation over rules in force brings them, also after a restart in between', async () => {
  const { start, store } = await setUpCorrelated();
  store.longest = 3;
  const first = start();
  const { id } = await first.start(
    typed(
      'title: Often\nid: often\ncorrelation:\n  type: event_count\n  rules: [rule-b]\n  group-by: [Computer]\n  timespan: 1m\n  condition: { gte: 3 }\n',
    ),
  );
  await until(
    () => first.get(id, analyst),
    ({ hunt }) => hunt.lookedAt >= 12,
  );
  await first.close();
  const { rules } = await done(start(), id);
  assert.deepEqual(
    rules.map((rule) => [rule.id, rule.matches]),
    [
      ['rule-b', 40],
      ['often', 10],
    ],
  );
});

test('two servers on one database count each event once', async () => {
  const { start, store } = await setUpCorrelated();
  store.longest = 2;
  const [one, other] = [start(), start()];
  const { id } = await one.start(typed(correlation('{ gte: 3 }')));
  // The other one is told of a hunt of its own, and finds both.
  const own = await other.start(typed(ruleText('seen', 'mshta')));
  await done(other, own.id);
  const { hunt, rules } = await done(one, id);
  assert.equal(hunt.lookedAt, 40);
  assert.deepEqual(
    rules.map((rule) => [rule.id, rule.matches]),
    [
      ['seen', 40],
      ['often', 10],
    ],
  );
});

test('a hunt ends when the right of who started it is withdrawn, with what it found', async () => {
  const { start, store } = await setUpCorrelated();
  store.longest = 5;
  const hunting = start();
  store.beforePart = () => {
    if (store.asked === 4) store.scopes = ['events:read', 'hunts:run'];
  };
  const { id } = await hunting.start(typed(correlation('{ gte: 3 }')));
  const { hunt } = await done(hunting, id);
  assert.deepEqual([hunt.state, hunt.reason], ['failed', 'who started it has no right to go on (audit:read)']);
  assert.ok(hunt.lookedAt < 40);
});

test('of erased events a hunt keeps neither place nor word, and nothing of them lies in the control database in clear', async () => {
  const { start, database } = await setUpCorrelated();
  const hunting = start();
  const { id } = await hunting.start(typed(correlation('{ gte: 3 }')));
  await done(hunting, id);
  const rows = await database
    .withTables<{ hunt_groups: Record<string, unknown> }>()
    .selectFrom('hunt_groups')
    .selectAll()
    .execute();
  assert.equal(rows.length, 10);
  assert.doesNotMatch(JSON.stringify(rows), /pc-/);
  assert.equal(await hunting.forget([{ log: 1, from: 35, to: 40 }]), 5);
  const [first, second] = await hunting.groups(id, { limit: 2 }, analyst);
  assert.deepEqual([first?.fields, first?.events], [[], []]);
  assert.deepEqual([second?.fields.length, second?.events.map(({ index }) => index)], [1, [34]]);
  assert.equal(await hunting.forget([{ log: 2, from: 0, to: 40 }]), 0);
});

test('what is erased while a part with it is read is not kept either', async () => {
  const { start, store } = await setUpCorrelated();
  const hunting = start();
  let forgetting: Promise<number> | undefined;
  store.beforePart = () => {
    // The events of this part are answered all the same: they were read before they were erased.
    if (store.asked === 4) forgetting = hunting.forget([{ log: 1, from: 30, to: 40 }]);
  };
  const { id } = await hunting.start(typed(correlation('{ gte: 3 }')));
  await done(hunting, id);
  assert.equal(await forgetting, 0);
  const groups = await hunting.groups(id, { limit: 100 }, analyst);
  const kept = groups.flatMap(({ events }) => events.map(({ index }) => index));
  assert.ok(kept.length > 0 && kept.every((index) => index < 30), kept.join(' '));
});
