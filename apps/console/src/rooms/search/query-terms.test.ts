import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTerm, formatTerm } from './query-terms.ts';

test('formatTerm() quotes what would mean something else', () => {
  assert.equal(formatTerm('host', 'web1'), 'host:web1');
  assert.equal(formatTerm('user', 'a b', true), '-user:"a b"');
  assert.equal(formatTerm('process', String.raw`C:\a "b"`), String.raw`process:"C:\\a \"b\""`);
  assert.equal(formatTerm('host', '*'), 'host:"*"');
});

test('formatTerm() never lets a value end its quotes', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (value) => {
      const term = formatTerm('f', value).slice(2);
      if (!term.startsWith('"')) return;
      assert.equal(term.slice(1, -1).replaceAll(/\\(["\\])/g, '$1'), value);
      assert.doesNotMatch(term.slice(1, -1).replaceAll(/\\["\\]/g, ''), /"/);
    }),
  );
});

test('addTerm() adds a term once', () => {
  assert.equal(addTerm(addTerm('', 'a:1'), 'b:2'), 'a:1 b:2');
  assert.equal(addTerm('a:1 b:2', 'a:1'), 'a:1 b:2');
});
