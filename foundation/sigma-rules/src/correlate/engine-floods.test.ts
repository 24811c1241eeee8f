import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { conditions, createSaved, define, limits } from './correlation.fixture.ts';
import { countingOf } from './counting.ts';
import { createDeadlines } from './deadlines.ts';
import { createCorrelationEngine } from './engine.ts';
import { createGroupRows } from './group-rows.ts';
import { createGroupShards, createGroupTable } from './group-table.ts';
import { followChains } from './span-follower.ts';
import type { RowChunk } from './row-store.ts';
import { measureOf } from './measure.ts';
import type { Measure } from './measure.ts';
import { evaluateSliding } from './sliding.ts';

test('of a flood of keys against every kind of correlation only a bounded part is kept, the loss is counted, and a group near its number stays', () => {
  for (const condition of conditions) {
    const definitions = define(`${condition}\ngroup-by: [g]\ntimespan: 1h`);
    const engine = createCorrelationEngine({ ...limits, groups: 500, rows: 2_000 });
    engine.use(definitions);
    const count = (index: number, group: string, member: number, value: number) => {
      const { timeMs } = engine.begin({ source: 's', receivedAtMs: 1_000_000 + Math.floor(index / 1000) * 1000 });
      return engine.count({ correlationId: 'c', group, position: { log: 1, index }, timeMs, member, value });
    };
    count(0, 'near', 0, 1);
    count(1, 'near', 1, 2);
    for (let index = 2; index < 4_000; index += 1) count(index, `flood-${index}`, 0, 1);
    const { groups, lost } = engine.health();
    assert.ok(groups <= 500 && lost >= 3_000, `${condition}: ${groups} groups, ${lost} lost`);
    const { changed } = engine.takeChanges();
    assert.ok(changed.length <= 500);
    const isLeft = changed.some(({ group, rows, told }) => group === 'near' && rows.length + told.length > 0);
    assert.ok(isLeft, condition);
  }
});

test('a flood in one group is bounded as well, for every kind of correlation', () => {
  for (const condition of conditions) {
    const definitions = define(`${condition}\ngroup-by: [g]\ntimespan: 1h`);
    const engine = createCorrelationEngine(limits);
    engine.use(definitions);
    let told = 0;
    for (let index = 0; index < 6_000; index += 1) {
      const { timeMs, closed } = engine.begin({ source: 's', receivedAtMs: 1_000_000 + Math.floor(index / 10) * 1000 });
      const match = { correlationId: 'c', group: 'g', position: { log: 1, index }, timeMs, member: 0, value: 0 };
      told += closed.length + engine.count(match).length;
    }
    const { changed } = engine.takeChanges();
    assert.ok((changed[0]?.rows.length ?? 0) <= 4_096 && told <= 3, condition);
  }
});

test('a sender whose few groups are full of matches displaces those, not the small groups of other correlations', () => {
  const sum = 'type: value_sum\nrules: [r0]\ngroup-by: [g]\ntimespan: 1h\ncondition: { gt: 1000000, field: v }';
  const [big] = define(sum).values();
  const [small] = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1h\ncondition: { gte: 3 }').values();
  assert.ok(big !== undefined && small !== undefined);
  const engine = createCorrelationEngine({ ...limits, groups: 1_000, rows: 1_000 });
  engine.use(
    new Map([
      ['big', big],
      ['small', small],
    ]),
  );
  const { timeMs } = engine.begin({ source: 's', receivedAtMs: 1_000_000 });
  const count = (correlationId: string, group: string, index: number): void => {
    engine.count({ correlationId, group, position: { log: 1, index }, timeMs, member: 0, value: 1 });
  };
  for (let index = 0; index < 100; index += 1) count('small', `honest-${index}`, index);
  for (let index = 0; index < 20; index += 1) count('big', `honest-${index}`, index);
  for (let index = 100; index < 5_100; index += 1) count('big', `flood-${index % 4}`, index);
  assert.ok(engine.health().lost > 0);
  const left = engine.takeChanges().changed.filter(({ group }) => group.startsWith('honest'));
  assert.equal(left.length, 120);
});

test('a match out of order costs a look at each row, not one at each place of the timespan', () => {
  const conditionsOf = [
    'type: value_count\nrules: [r0, r1]\ncondition: { gte: 1000, field: v }',
    'type: temporal_ordered\nrules: [r0, r1, r2]',
    'type: value_sum\nrules: [r0, r1]\ncondition: { gt: 1000000, field: v }',
    'type: temporal\nrules: [r0, r1, r2]\ncondition: r0 and r1 and r2',
  ];
  for (const condition of conditionsOf) {
    const definition = define(`${condition}\ngroup-by: [g]\ntimespan: 1h`).get('c') ?? assert.fail();
    const counting = countingOf('c', definition, 0);
    let looks = 0;
    const measure: Measure = {
      ...counting.measure,
      holds(...given) {
        looks += 1;
        return counting.measure.holds(...given);
      },
    };
    const table = createGroupTable();
    const rows = createGroupRows(table);
    const slot = table.create(counting.groups, 'g');
    for (let index = 1; index <= 200; index += 1) {
      const timeMs = 1_000_000 - index * 1000;
      rows.insert(slot, { timeMs, log: 1, index, rule: index % 2, value: index % 50 }, counting.sameMatch);
      assert.equal(
        evaluateSliding({ table, rows }, { ...counting, measure }, slot, { timeMs, watermarkMs: 0 }),
        undefined,
      );
    }
    assert.equal(looks, 0, condition);
  }
});

test('windows that are over by the thousand are worked off in slices, saved in lots, and told once, also when a restart comes before all lots are saved', () => {
  const few = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1m\ncondition: { lt: 3 }');
  const sliced = { ...limits, slice: 900, groups: 20_000, rows: 80_000 };
  const engine = createCorrelationEngine(sliced);
  engine.use(few);
  const { timeMs } = engine.begin({ source: 's', receivedAtMs: 1_000_000 });
  for (let index = 0; index < 12_000; index += 1)
    engine.count({ correlationId: 'c', group: `g${index}`, position: { log: 1, index }, timeMs, member: 0, value: 0 });
  const saved = createSaved();
  saved.save(engine);
  assert.equal(saved.groups.size, 12_000);
  assert.ok(!engine.wouldClose(1_060_000) && engine.wouldClose(2_000_000));
  const begun = engine.begin({ source: 's', receivedAtMs: 2_000_000 });
  assert.throws(() => engine.takeChanges(), TypeError);
  let told = begun.closed.length;
  let slices = 1;
  for (let { more } = begun; more;) {
    const next = engine.goOn();
    assert.ok(next.closed.length <= 100);
    ({ more } = next);
    told += next.closed.length;
    slices += 1;
  }
  assert.equal(told, 12_000);
  assert.ok(slices >= 120);
  saved.save(engine);
  assert.equal(saved.groups.size, 7_000);
  const again = saved.into(createCorrelationEngine(sliced), few);
  assert.equal(again.health().groups, 0);
  const later = again.begin({ source: 's', receivedAtMs: 3_000_000 });
  assert.deepEqual([later.closed.length, later.more], [0, false]);
  saved.save(again);
  saved.save(again);
  assert.equal(saved.groups.size, 0);
});

test('rules in the wrong order cost each row once: the chain that begins last is known at every place of the timespan', () => {
  const definition = define(
    'type: temporal_ordered\nrules: [r0, r1, r2]\ncondition: (r0 and r1 and r2) or (r1 and r2)\ngroup-by: [g]\ntimespan: 1h',
  ).get('c');
  if (definition?.condition.kind !== 'rules') assert.fail();
  const { branches } = definition.condition;
  const measure = measureOf(definition);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), fc.boolean()), { maxLength: 40 }), fc.nat(10), (given, width) => {
      const table = createGroupTable();
      const rows = createGroupRows(table);
      const slot = table.create(createGroupShards(0), 'g');
      let index = 0;
      for (const [rule, isSame] of given) {
        index += isSame ? 0 : 1;
        rows.insert(slot, { timeMs: index, log: 1, index, rule, value: 0 }, 'event and rule');
      }
      const span = rows.spanOf(slot);
      if (span === undefined) return;
      const follower = followChains(branches);
      let from = span.from;
      for (let row = span.from; row < span.to; row += 1) {
        follower.add(span.chunk, row);
        for (; from < row - width; from += 1) follower.drop(span.chunk, from);
        const expected = branches.some(({ all }) => isChain(span.chunk, all, from, row + 1));
        assert.equal(follower.mayHold(), expected);
        assert.equal(follower.mayHold(), measure.holds(span.chunk, from, row + 1));
      }
    }),
  );
});

/** Tried in every way. */
function isChain(chunk: RowChunk, [rule, ...others]: readonly number[], from: number, to: number): boolean {
  if (rule === undefined) return true;
  for (let row = from; row < to; row += 1) {
    if (chunk.rule[row] !== rule) continue;
    let next = row + 1;
    while (next < to && chunk.index[next] === chunk.index[row]) next += 1;
    if (isChain(chunk, others, next, to)) return true;
  }
  return false;
}

test('what groups waited for that are gone is let go', () => {
  const waitsUntil = new Map<number, number>();
  const deadlines = createDeadlines({
    before: (left, right) => left < right,
    isDue: (slot, timeMs) => waitsUntil.get(slot) === timeMs,
  });
  for (let index = 0; index < 50_000; index += 1) {
    waitsUntil.set(index % 10, 100_000 - index);
    deadlines.add(100_000 - index, index % 10);
  }
  assert.ok(deadlines.size() < 5_000);
  const taken: number[] = [];
  for (let due = deadlines.take(1e9); due !== undefined; due = deadlines.take(1e9))
    if (waitsUntil.get(due.slot) === due.timeMs) taken.push(due.slot);
  assert.deepEqual(taken, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});
