import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VaultKey } from '../keys/vault-query.ts';
import { beltOf, beltWords, goneOn } from './class-belt.ts';
import { daysOf, forgottenWords, judgeChange } from './class-words.ts';
import { chosenDays, classesOf, previewWords } from './day-choice.ts';
import { holdCovers } from './hold-words.ts';

const today = '2026-11-22';

test('a day is kept to its end and then so many whole days', () => {
  assert.equal(goneOn('2026-11-22', 1), '2026-11-24');
  assert.equal(goneOn('2026-02-27', 2), '2026-03-02');
});

test('the belt of a class is full from its newest to its oldest day, and never beyond its end', () => {
  const shape = { keepDays: 100, oldestDay: '2026-10-03', newestDay: today };
  const belt = beltOf(shape, today, 400);
  assert.deepEqual([belt.length, belt.from, belt.to, belt.daysLeft], [0.5, 0, 0.51, 51]);
  assert.match(beltWords(shape, belt), /51 days from now/);
  const late = beltOf({ ...shape, oldestDay: '2020-01-01' }, today, 400);
  assert.equal(late.to, 1);
  assert.match(beltWords({ ...shape, oldestDay: '2020-01-01' }, late), /has been due since/);
  const endless = beltOf({ ...shape, keepDays: null }, today, 400);
  assert.deepEqual([endless.isEndless, endless.length, endless.daysLeft], [true, 1, undefined]);
  assert.equal(beltOf({ keepDays: 1, oldestDay: undefined, newestDay: undefined }, today, 400).to, 0);
});

test('keeping longer holds at once, shorter is signed, below the law it is refused', () => {
  const of = { keep_days: 365, minimum_days: 180 };
  assert.deepEqual(
    [365, 400, null, 200, 100, undefined].map((wanted) => judgeChange(of, wanted).kind),
    ['same', 'longer', 'longer', 'shorter', 'refused', 'refused'],
  );
  assert.equal(judgeChange({ ...of, keep_days: null }, 500).kind, 'shorter');
  assert.deepEqual(['1', ' 180 ', '0', '-3', '1.5', '40000', ''].map(daysOf), [
    1,
    180,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('an erased day names who has not forgotten it', () => {
  const day = { receipts: [{ keeper: 'search', changed: 3, at: today }], waiting: [], forgotten_at: today };
  assert.deepEqual(forgottenWords(day), { isDone: true, text: '1 keeper of copies answered; 3 copies forgotten' });
  const waits = { ...day, forgotten_at: null, waiting: [{ keeper: 'alerts', error: 'locked' }] };
  assert.deepEqual(forgottenWords(waits), { isDone: false, text: 'waits for alerts (locked)' });
});

const keyOf = (id: string, label: string, state: VaultKey['state'] = 'active'): VaultKey => ({
  id,
  level: 'data',
  purpose: 'block-data',
  label,
  version: 1,
  state,
  algorithm: '',
  createdAtMs: 1,
  epoch: 1,
  wrappedBy: 'p',
  wraps: 0,
  usedFor: '',
  history: [],
  changes: [],
});
const keys = [
  keyOf('a', 'events/2026-11-20'),
  keyOf('b', 'events/2026-11-21', 'retired'),
  keyOf('c', 'events/2026-11-21'),
  keyOf('d', 'events/2026-11-22'),
  keyOf('e', 'audit/2026-11-21', 'destroyed'),
  { ...keyOf('f', 'log/1'), purpose: 'log-signing' as const },
];
const hold = {
  id: 'h',
  name: 'Case 7',
  reason: '',
  by: 'u1',
  atMs: 1,
  keyIds: ['a'],
};

test('a destruction takes every key of its days, leaves out the day that is still added to, and counts what is held', () => {
  assert.deepEqual(classesOf(keys), ['events']);
  const chosen = chosenDays(keys, { class: 'events', from: '', to: '' }, [hold]);
  assert.deepEqual(
    [chosen.keys.map(({ id }) => id), chosen.days, chosen.held, chosen.stillOpen],
    [['a', 'b', 'c'], 2, 1, 1],
  );
  assert.match(previewWords(chosen).notes.join(' '), /1 key of 3 is under a legal hold and survives.*still added to/);
  const narrow = chosenDays(keys, { class: 'events', from: '2026-11-21', to: '2026-11-21' }, []);
  assert.deepEqual(
    narrow.keys.map(({ id }) => id),
    ['b', 'c'],
  );
  assert.equal(
    previewWords(chosenDays(keys, { class: 'audit', from: '', to: '' }, [])).title,
    'No day that could be destroyed',
  );
});

test('a hold says whether it covers what is recorded later', () => {
  const of = (selector: { classes: string[]; fromDay?: string; toDay?: string }) =>
    holdCovers({ selector, keyIds: [] });
  assert.equal(of({ classes: ['events'] }), 'Class “events”, all days, also those to come');
  assert.match(of({ classes: ['a', 'b'], fromDay: '2026-01-01' }), /^Classes a, b, from .*also days to come$/);
  assert.doesNotMatch(of({ classes: ['a'], fromDay: '2026-01-01', toDay: '2026-02-01' }), /to come/);
  assert.equal(holdCovers({ keyIds: ['x', 'y'] }), '2 keys, named one by one');
});
