import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutErased } from './erased-matches.ts';

const match = (index: number, log = 1) => ({ log, index, timeMs: index, rule: 0, value: 0 });
const group = (name: string, ...rows: ReturnType<typeof match>[]) => ({
  correlationId: 'c',
  fingerprint: 'f',
  group: name,
  touchedMs: 0,
  rows,
  told: [],
  folded: undefined,
  chained: [],
  bases: [],
});

test('matches of erased events are taken out, a group of nothing else is removed, and others stay as they are', () => {
  const groups = [group('some', match(1), match(5), match(9)), group('all', match(5)), group('none', match(5, 2))];
  const { changed, removed, matches } = withoutErased(groups, [{ log: 1, from: 5, to: 9 }]);
  assert.deepEqual(changed, [group('some', match(1), match(9))]);
  assert.deepEqual(removed, [{ correlationId: 'c', group: 'all' }]);
  assert.equal(matches, 2);
  assert.deepEqual(withoutErased(groups, []), { changed: [], removed: [], matches: 0 });
});

test('an erased event is no longer among what a match of a chain rests on', () => {
  const bases = [
    {
      of: { log: 1, index: 9 },
      rests: [
        { log: 1, index: 5 },
        { log: 1, index: 8 },
      ],
    },
  ];
  const { changed } = withoutErased([{ ...group('g', match(9)), bases }], [{ log: 1, from: 5, to: 6 }]);
  assert.deepEqual(changed[0]?.bases, [{ of: { log: 1, index: 9 }, rests: [{ log: 1, index: 8 }] }]);
});
