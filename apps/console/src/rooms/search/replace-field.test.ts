import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replaceField } from './replace-field.ts';

test('replaceField() renames a field wherever it is one', () => {
  assert.equal(
    replaceField('hots:web1 (HOTS:web2 OR -hots:web3)', 'hots', 'host'),
    'host:web1 (host:web2 OR -host:web3)',
  );
  assert.equal(
    replaceField('raw.hots:1 "hots:2" hots:"a hots:3"', 'hots', 'host'),
    'raw.hots:1 "hots:2" host:"a hots:3"',
  );
});

test('replaceField() ends and leaves text without the field alone, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (query, field) => {
      const after = replaceField(query, field, 'x');
      if (!query.toLowerCase().includes(`${field}:`.toLowerCase())) assert.equal(after, query);
    }),
  );
});
