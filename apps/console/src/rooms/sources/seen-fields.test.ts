import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seenFields } from './seen-fields.ts';

test('Fields are counted once an event, the most frequent first, by the name search knows', () => {
  const rows = [
    { event: { message: 'a', device: { hostname: 'web1' }, unmapped: { record: { Image: 'x' } }, raw_data: 'a' } },
    { event: { message: 'b', observables: [{ name: 1 }, { name: 2 }], metadata: { reporter: { uid: 'k' } } } },
    { event: null },
  ];
  assert.deepEqual(seenFields(rows), [
    { field: 'message', count: 2, sample: 'a' },
    { field: 'device.hostname', count: 1, sample: 'web1' },
    { field: 'observables', count: 1, sample: '[{"name":1},{"name":2}]' },
    { field: 'raw.Image', count: 1, sample: 'x' },
  ]);
});

test('Names that no query can hold are left out, and no event makes the list long', () => {
  const odd = { 'a b': 1, 'x"y': 1, '<b>': 1, 'c.d': 1, ok: 1 };
  assert.deepEqual(
    seenFields([{ event: odd }]).map(({ field }) => field),
    ['ok'],
  );
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`f${at}`, at]));
  assert.ok(seenFields([{ event: many }, { event: { late: 1 } }]).length <= 300);
});

test('Whatever stands in events, it is counted without an error and at most as often as there are events', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 }), (events) => {
      for (const { count, sample } of seenFields(events.map((event) => ({ event })))) {
        assert.ok(count >= 1 && count <= events.length);
        assert.ok(sample.length <= 80);
      }
    }),
  );
});
