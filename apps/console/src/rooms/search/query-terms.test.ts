import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTerm, formatTerm, hideAudit, topLevelParts } from './query-terms.ts';

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

test('formatTerm() quotes what the language would read as a word of its own', () => {
  for (const word of ['OR', 'and', 'Not']) assert.equal(formatTerm('user', word), `user:"${word}"`);
});

test('addTerm() adds a term once, and its opposite gives way', () => {
  assert.equal(addTerm(addTerm('', 'a:1'), 'b:2'), 'a:1 b:2');
  assert.equal(addTerm('a:1 b:2', 'a:1'), 'a:1 b:2');
  assert.equal(addTerm('a:1 b:2', '-a:1'), '-a:1 b:2');
  assert.equal(addTerm('-a:1 b:2', 'a:1'), 'a:1 b:2');
});

test('addTerm() narrows every alternative, not only the last one', () => {
  assert.equal(addTerm('a:1 OR b:2', 'c:3'), '(a:1 OR b:2) c:3');
  assert.equal(addTerm('(a:1 OR b:2) d:4', 'c:3'), '(a:1 OR b:2) d:4 c:3');
  assert.equal(addTerm('a:1 "x OR y"', 'c:3'), 'a:1 "x OR y" c:3');
  assert.equal(addTerm('NOT a:1', '-a:1'), 'NOT a:1 -a:1');
});

test('addTerm() is not led astray by a term inside quotes or brackets', () => {
  assert.equal(addTerm('"say a:1 now"', 'a:1'), '"say a:1 now" a:1');
  assert.equal(addTerm('(b:2 OR a:1)', 'a:1'), '(b:2 OR a:1) a:1');
});

test('hideAudit() leaves a query alone that speaks of audit records itself', () => {
  assert.equal(hideAudit('a:1 OR b:2'), '(a:1 OR b:2) -own_audit:1');
  for (const query of ['log_name:audit', '-own_audit:1']) assert.equal(hideAudit(query), query);
});

test('topLevelParts() loses nothing but the space between, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ':', '"', '\\', '(', ')', ' ', 'OR') }), (query) => {
      assert.equal(topLevelParts(query).join('').replaceAll(/\s/g, ''), query.replaceAll(/\s/g, ''));
    }),
  );
});
