import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutErased } from './erased-matches.ts';

const match = (index: number, log = 1) => ({
  position: { log, index },
  receivedAtMs: index,
  ruleId: 'rule',
  value: `value-${index}`,
});
const group = (name: string, ...matches: ReturnType<typeof match>[]) => ({
  correlationId: 'c',
  fingerprint: 'f',
  group: name,
  matches,
  firedAtMs: undefined,
});

test('matches of erased events are taken out, a group of nothing else is removed, and others stay as they are', () => {
  const groups = [group('some', match(1), match(5), match(9)), group('all', match(5)), group('none', match(5, 2))];
  const { changed, removed, matches } = withoutErased(groups, [{ log: 1, from: 5, to: 9 }]);
  assert.deepEqual(changed, [group('some', match(1), match(9))]);
  assert.deepEqual(removed, [{ correlationId: 'c', group: 'all' }]);
  assert.equal(matches, 2);
  assert.deepEqual(withoutErased(groups, []), { changed: [], removed: [], matches: 0 });
});
