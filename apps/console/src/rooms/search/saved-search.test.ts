import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSavedSearches } from './saved-search.ts';

test('Saved searches come back as they were kept', () => {
  const kept = [
    { name: 'a', query: 'host:web1', range: '1h' },
    { name: 'b', query: '', range: undefined },
  ];
  assert.deepEqual(parseSavedSearches(JSON.stringify(kept)), kept);
});

test('Whatever stands in the browser’s storage, it is read as saved searches or as none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (stored) => {
      for (const { name, query, range } of parseSavedSearches(stored)) {
        assert.deepEqual([typeof name, typeof query], ['string', 'string']);
        assert.ok(range === undefined || typeof range === 'string');
      }
    }),
  );
  assert.deepEqual(parseSavedSearches('{"name":"a"}'), []);
  assert.deepEqual(parseSavedSearches('[null,{"name":1},{"name":"a","query":"b","__proto__":{"x":1}}]'), [
    { name: 'a', query: 'b', range: undefined },
  ]);
});
