import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { plantFiles } from './planted-files.ts';
import { adaptFastCheck } from './adapt-fast-check.mjs';

const modules = join(import.meta.dirname, '..', 'node_modules');
/** The same library for CommonJS, which nothing has changed. */
const original: typeof fc = createRequire(import.meta.url)('fast-check');

const units = ['binary', 'grapheme-ascii'] as const;
const awkward = [
  '',
  'a',
  '__proto__',
  'constructor',
  '\0',
  '\ud7ff',
  '\ue000',
  '\u{10ffff}',
  '\ud800',
  'a\udfff',
  'é😀',
];

test('the launcher has made the fast-check of this checkout quicker, and has it begin with what it is given', () => {
  const text = readFileSync(join(modules, 'fast-check/lib/fast-check.js'), 'utf8');
  assert.match(text, /function placeAmongFirst\(/, 'node tools/pack-dependencies.mjs does');
  assert.match(text, /Symbol\.for\("sallyport\.fast-check"\)/);
  assert.doesNotMatch(readFileSync(join(modules, 'fast-check/lib/cjs/fast-check.js'), 'utf8'), /placeAmongFirst/);
  assert.equal(adaptFastCheck(modules), true, 'once is enough');
  assert.equal(readFileSync(join(modules, 'fast-check/lib/fast-check.js'), 'utf8'), text);
});

test('what is drawn, what can be drawn and how it becomes smaller is what it was', () => {
  for (const unit of units) {
    const [quick, slow] = [fc.string({ unit }), original.string({ unit })];
    const options = { seed: 20_261_123, numRuns: 300 };
    assert.deepEqual(fc.sample(quick, options), original.sample(slow, options), unit);
    for (const word of awkward) {
      const can = slow.canShrinkWithoutContext(word);
      assert.equal(quick.canShrinkWithoutContext(word), can, `${unit} ${JSON.stringify(word)}`);
      if (!can) continue;
      const smaller = (arbitrary: fc.Arbitrary<string>): string[] =>
        [...arbitrary.shrink(word, undefined).take(10)].map(({ value }) => value);
      assert.deepEqual(smaller(quick), smaller(slow), `${unit} ${JSON.stringify(word)}`);
    }
  }
  assert.equal(fc.string({ unit: 'binary' }).canShrinkWithoutContext('__proto__'), true);
  assert.equal(fc.string({ unit: 'binary' }).canShrinkWithoutContext('\ud800'), false);
});

test('a fast-check that is not as expected stays as it was installed, and this is told', (t) => {
  const path = 'node_modules/fast-check/lib/fast-check.js';
  const root = plantFiles(t, { [path]: 'export const other = 1;' });
  assert.equal(adaptFastCheck(join(root, 'node_modules')), false);
  assert.equal(readFileSync(join(root, path), 'utf8'), 'export const other = 1;');
  assert.equal(adaptFastCheck(join(root, 'nowhere')), false);
});
