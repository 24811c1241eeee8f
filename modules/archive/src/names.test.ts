import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isName, kindOfName, parseSpanName, spanName, tilesName, vaultName } from './names.ts';

const count = fc.integer({ min: 0, max: 2 ** 48 });

test('the name of a span says which blocks it holds, and no other text does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000_000 }),
      count,
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.integer({ min: 1, max: 9_999_999_999 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      (log, segment, entries, bytes, later) => {
        const first = segment + later;
        const span = { log, segment, first, end: first + entries, bytes };
        const name = spanName(span);
        assert.deepEqual(parseSpanName(name), span);
        assert.ok(isName(name));
        assert.equal(kindOfName(name), 'blocks');
      },
    ),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const span = parseSpanName(text);
      assert.ok(span === undefined || spanName(span) === text);
    }),
  );
});

test('a name never leads out of the archive, and tells what it holds', () => {
  for (const wrong of [
    '',
    '/a',
    'a/',
    'a//b',
    '../a',
    'a/../b',
    'a/./b',
    'A',
    'a\\b',
    'a b',
    'a'.repeat(201),
    '.hidden',
  ])
    assert.equal(isName(wrong), false, wrong);
  assert.equal(kindOfName(vaultName('ab'.repeat(16), 7)), 'vault');
  assert.equal(kindOfName(`vault/${'ab'.repeat(16)}/pages/x/1`), 'record');
  assert.equal(kindOfName(tilesName(1, 0, 65_536)), 'tiles');
  assert.equal(kindOfName('destructions/1/done.json'), 'record');
});
