import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { searchAddress, sourceAddress, sourceTerms } from './source-address.ts';

test('A source has one page, and a query that means it and no other', () => {
  const source = { key_id: '9M3ic6fp3pF', name: 'web-01' };
  assert.equal(sourceAddress(source), '/sources/9M3ic6fp3pF/web-01');
  assert.equal(sourceTerms(source), 'metadata.reporter.uid:9M3ic6fp3pF metadata.reporter.name:web-01');
});

test('No name leaves its place in an address or in a query', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (key_id, name) => {
      fc.pre(key_id.isWellFormed() && name.isWellFormed());
      assert.equal(sourceAddress({ key_id, name }).split('/').length, 4);
      const query = new URL(searchAddress(sourceTerms({ key_id, name })), 'http://x').searchParams.get('q') ?? '';
      assert.ok(query.startsWith('metadata.reporter.uid:') && query.includes(' metadata.reporter.name:'));
    }),
  );
});
