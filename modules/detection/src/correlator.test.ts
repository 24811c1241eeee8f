import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCorrelator } from './correlator.ts';
import type { CountedMatch } from './correlator.ts';
import type { CorrelationDefinition } from './match-protocol.ts';

const define = (part: Partial<CorrelationDefinition> = {}): CorrelationDefinition => ({
  type: 'event_count',
  ruleIds: ['r-1'],
  groupBy: ['ip'],
  timespanMs: 120_000,
  atLeast: 3,
  fingerprint: 'f',
  ...part,
});

const match = (index: number, atSeconds: number, part: Partial<CountedMatch> = {}): CountedMatch => ({
  position: { log: 1, index },
  receivedAtMs: atSeconds * 1000,
  ruleId: 'r-1',
  value: '',
  ...part,
});

function correlatorOf(part: Partial<CorrelationDefinition> = {}, limits?: Parameters<typeof createCorrelator>[0]) {
  const correlator = createCorrelator(limits);
  correlator.use(new Map([['c', define(part)]]));
  return {
    ...correlator,
    /** Indexes of the events it rests on. */
    count: (counted: CountedMatch, group = 'g') => correlator.count('c', group, counted)?.map(({ index }) => index),
  };
}

test('event_count matches with the event that makes the number full, and names all of them', () => {
  const { count } = correlatorOf();
  assert.deepEqual([count(match(1, 0)), count(match(2, 60)), count(match(3, 120))], [undefined, undefined, [1, 2, 3]]);
});

test('what lies further back than the timespan does not count', () => {
  const { count } = correlatorOf();
  assert.deepEqual([count(match(1, 0)), count(match(2, 60)), count(match(3, 121))], [undefined, undefined, undefined]);
  assert.deepEqual(count(match(4, 122)), [2, 3, 4]);
});

test('groups are counted apart', () => {
  const { count } = correlatorOf();
  for (const index of [1, 2])
    assert.deepEqual([count(match(index, 0), 'a'), count(match(index, 0), 'b')], [undefined, undefined]);
  assert.deepEqual(count(match(3, 0), 'a'), [1, 2, 3]);
});

test('a group that goes on matching is told once a timespan', () => {
  const { count } = correlatorOf({ atLeast: 1 });
  const fired = [0, 1, 60, 120, 121, 200].filter((second, index) => count(match(index, second)) !== undefined);
  assert.deepEqual(fired, [0, 121]);
});

test('an event that matches two of the rules counts once', () => {
  const { count } = correlatorOf({ ruleIds: ['r-1', 'r-2'], atLeast: 2 });
  assert.equal(count(match(1, 0)), undefined);
  assert.equal(count(match(1, 0, { ruleId: 'r-2' })), undefined);
  assert.deepEqual(count(match(2, 0, { ruleId: 'r-2' })), [1, 2]);
});

test('value_count counts different values', () => {
  const { count } = correlatorOf({ type: 'value_count', atLeast: 2 });
  assert.equal(count(match(1, 0, { value: 'ada' })), undefined);
  assert.equal(count(match(2, 0, { value: 'ada' })), undefined);
  assert.deepEqual(count(match(3, 0, { value: 'kim' })), [2, 3]);
});

test('temporal wants each rule in any order, temporal_ordered in its own', () => {
  const rules = { ruleIds: ['r-1', 'r-2', 'r-3'], atLeast: 3 };
  const play = (type: 'temporal' | 'temporal_ordered', order: readonly string[]) => {
    const { count } = correlatorOf({ ...rules, type });
    return order
      .map((ruleId, index) => count(match(index, index, { ruleId })))
      .findLast((basis) => basis !== undefined);
  };
  assert.deepEqual(play('temporal', ['r-3', 'r-1', 'r-2']), [0, 1, 2]);
  assert.equal(play('temporal', ['r-1', 'r-1', 'r-2']), undefined);
  assert.equal(play('temporal_ordered', ['r-3', 'r-1', 'r-2']), undefined);
  assert.deepEqual(play('temporal_ordered', ['r-1', 'r-2', 'r-1', 'r-3']), [0, 1, 3]);
  const { count } = correlatorOf({ ...rules, type: 'temporal_ordered' });
  const atOnce = ['r-1', 'r-2', 'r-3'].map((ruleId) => count(match(1, 0, { ruleId })));
  assert.deepEqual(atOnce, [undefined, undefined, undefined]);
});

test('a flood of groups displaces itself, not a group that is near its number, and the loss is counted', () => {
  const { count, groups, lost, takeChanges } = correlatorOf(
    {},
    { matchesPerCorrelation: 100, matches: 1000, orderedMatchesPerGroup: 8 },
  );
  count(match(0, 0), 'near');
  count(match(1, 0), 'near');
  for (let index = 2; index < 5000; index += 1) count(match(index, 1), `flood-${index}`);
  assert.ok(groups() <= 100);
  assert.ok(lost() >= 4900);
  assert.ok(takeChanges().changed.length <= 100);
  assert.deepEqual(count(match(5000, 2), 'near'), [0, 1, 5000]);
});

test('a group of ordered rules is bounded, and the loss counted', () => {
  const limits = { matchesPerCorrelation: 100, matches: 1000, orderedMatchesPerGroup: 8 };
  const { count, lost } = correlatorOf({ type: 'temporal_ordered', ruleIds: ['r-1', 'r-2'], atLeast: 2 }, limits);
  for (let index = 0; index < 20; index += 1) count(match(index, 0));
  assert.equal(lost(), 12);
  assert.deepEqual(count(match(20, 0, { ruleId: 'r-2' })), [19, 20]);
});

test('what was counted for another definition, or a correlation that is gone, is dropped', () => {
  const correlator = createCorrelator();
  correlator.use(new Map([['c', define()]]));
  correlator.count('c', 'g', match(1, 0));
  const { changed } = correlator.takeChanges();
  for (const definitions of [
    new Map([['c', define({ fingerprint: 'other' })]]),
    new Map<string, CorrelationDefinition>(),
  ]) {
    const next = createCorrelator();
    next.restore(changed);
    next.use(definitions);
    assert.deepEqual([next.groups(), next.takeChanges().removed], [0, [{ correlationId: 'c', group: 'g' }]]);
  }
});

test('saved and restored after any event, it answers as if it had gone on', () => {
  const type = fc.constantFrom('event_count', 'value_count', 'temporal', 'temporal_ordered');
  const events = fc.array(fc.tuple(fc.nat(60), fc.nat(1), fc.constantFrom('r-1', 'r-2'), fc.nat(2)), { maxLength: 60 });
  fc.assert(
    fc.property(type, events, (type, events) => {
      const definitions = new Map([['c', define({ type, ruleIds: ['r-1', 'r-2'], atLeast: 2 })]]);
      const steady = createCorrelator();
      steady.use(definitions);
      const saved = new Map<string, ReturnType<typeof steady.takeChanges>['changed'][number]>();
      let second = 0;
      for (const [index, [step, group, ruleId, value]] of events.entries()) {
        second += step;
        const counted = match(index, second, { ruleId, value: String(value) });
        const restarted = createCorrelator();
        restarted.restore(
          [...saved.values()].toSorted(
            (a, b) => (a.matches.at(-1)?.receivedAtMs ?? 0) - (b.matches.at(-1)?.receivedAtMs ?? 0),
          ),
        );
        restarted.use(definitions);
        assert.deepEqual(restarted.count('c', `g${group}`, counted), steady.count('c', `g${group}`, counted));
        const { changed, removed } = steady.takeChanges();
        for (const state of changed) saved.set(state.group, state);
        for (const { group } of removed) saved.delete(group);
      }
    }),
  );
});
