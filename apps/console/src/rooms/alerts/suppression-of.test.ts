import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suppressionOf } from './suppression-of.ts';

const nowMs = Date.parse('2026-01-02T00:00:00Z');
const suppression = {
  id: 's',
  rule_id: 'r',
  host: null,
  user: null,
  field: null,
  reason: 'why',
  until: null,
  created_at: '2026-01-01T00:00:00Z',
  created_by: { id: 'u', name: 'Una' },
  hits: 0,
  last_hit_at: null,
};
const alert = { rule_id: 'r', host: 'Web-1', user: 'ben', matched: [{ field: 'f', value: 'V' }] };

test('a suppression covers an alert where all of its conditions hold, in any case', () => {
  for (const conditions of [{}, { host: 'web-1' }, { user: 'BEN' }, { field: { name: 'f', value: 'v' } }])
    assert.equal(suppressionOf(alert, [{ ...suppression, ...conditions }], nowMs)?.id, 's');
  for (const conditions of [{ rule_id: 'x' }, { host: 'web-2' }, { host: 'web-1', user: 'x' }])
    assert.equal(suppressionOf(alert, [{ ...suppression, ...conditions }], nowMs), undefined);
  const field = { name: 'f', value: 'w' };
  assert.equal(suppressionOf(alert, [{ ...suppression, field }], nowMs), undefined);
});

test('one that is over covers nothing, and of several the one that lasts longest is told', () => {
  const over = { ...suppression, id: 'over', until: '2026-01-02T00:00:00Z' };
  const short = { ...suppression, id: 'short', until: '2026-01-03T00:00:00Z' };
  const long = { ...suppression, id: 'long', until: '2026-01-09T00:00:00Z' };
  assert.equal(suppressionOf(alert, [over], nowMs), undefined);
  assert.equal(suppressionOf(alert, [over, short, long], nowMs)?.id, 'long');
  assert.equal(suppressionOf(alert, [long, suppression], nowMs)?.id, 's');
});
