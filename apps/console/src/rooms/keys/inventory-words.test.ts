import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageWords, knownWords, strengthWords, whatWords, worstFirst, worstOf } from './inventory-words.ts';
import type { Asset } from './inventory-query.ts';

const asset: Asset = {
  id: 'certificate/https',
  kind: 'certificate',
  name: 'https',
  owner: 'server',
  used_for: 'HTTPS',
  where: 'vault',
  known: 'asked',
  known_by: 'the listener',
  weaknesses: [],
};
const wrong = (level: 'low' | 'high', expires?: number): Asset => ({
  ...asset,
  ...(expires === undefined ? {} : { expires_ms: expires }),
  weaknesses: [
    { reason: 'overdue', level: 'low', message: 'old' },
    { reason: 'expiring', level, message: 'soon' },
  ],
});

test('what is worst comes first, then what ends first', () => {
  const all = worstFirst([
    asset,
    { ...wrong('low'), id: 'c' },
    { ...wrong('high', 9), id: 'b' },
    { ...wrong('high', 3), id: 'a' },
  ]);
  assert.deepEqual(
    all.map(({ id }) => id),
    ['a', 'b', 'c', 'certificate/https'],
  );
  assert.equal(worstOf(wrong('high'))?.level, 'high');
  assert.equal(worstOf(asset), undefined);
});

test('a strength of nothing says nothing, and what a quantum computer breaks says so', () => {
  assert.equal(strengthWords({}), undefined);
  assert.equal(strengthWords({ strength_bits: 128, quantum_category: 0 }), '128 bits, broken by a quantum computer');
  assert.equal(strengthWords({ quantum_category: 3 }), 'quantum category 3');
});

test('how something is known is never more than it is', () => {
  assert.equal(knownWords(asset), 'Read just now from the listener');
  assert.equal(knownWords({ known: 'declared', known_by: 'the sources' }), 'Declared in the sources');
});

test('age and end are in days, both ways', () => {
  assert.equal(ageWords({ age_days: 0, expires_in_days: 30 }), 'made today, ends in 30 days');
  assert.equal(ageWords({ expires_in_days: -2 }), 'ended 2 days ago');
  assert.equal(ageWords({}), '');
});

test('a place at rest says whether it is encrypted', () => {
  assert.equal(whatWords({ ...asset, kind: 'store', encryption: 'clear' }), 'In clear');
  assert.equal(whatWords({ ...asset, algorithm: 'RSA', size_bits: 2048 }), 'RSA, 2048 bits');
});
