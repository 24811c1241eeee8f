import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { conditionOf, suggestionsOf } from './propose-condition.ts';

const alert = {
  matched: [
    { field: 'Image', value: 'C:\\Windows\\certutil.exe' },
    { field: 'CommandLine', value: 'certutil -f' },
  ],
  related: [],
  host: 'WEB1',
  user: 'alice',
};

test('what is the same in all alerts is proposed; of a correlation its group alone', () => {
  const other = { ...alert, matched: alert.matched.slice(0, 1), host: 'WEB2' };
  assert.deepEqual(
    suggestionsOf([alert, other]).map(({ field }) => field),
    ['Image', 'sallyport.user'],
  );
  assert.deepEqual(
    suggestionsOf([{ ...alert, related: ['1/2'] }]).map(({ field }) => field),
    ['Image', 'CommandLine'],
  );
  assert.equal(conditionOf([]), '');
  assert.equal(
    conditionOf(suggestionsOf([alert, other])),
    "known:\n  Image: 'C:\\Windows\\certutil.exe'\n  sallyport.user: 'alice'\ncondition: known\n",
  );
});

test('whatever a value holds stands in the condition as itself: quoted for YAML, escaped for Sigma', () => {
  const written = (value: string, field = 'F'): string => conditionOf([{ field, value }]).split('\n')[1] ?? '';
  assert.equal(written('C:\\Windows\\a.exe'), String.raw`  F: 'C:\Windows\a.exe'`);
  assert.equal(written('*?'), String.raw`  F: '\*\?'`);
  assert.equal(written('\\\\host\\share'), String.raw`  F: '\\\host\share'`);
  assert.equal(written('\\*'), String.raw`  F: '\\\*'`);
  assert.equal(written("it's: #1"), "  F: 'it''s: #1'");
  assert.equal(written('two\nlines'), String.raw`  F: "two\nlines"`);
  assert.equal(written('x', 'a: b'), `  "a: b": 'x'`);
  assert.equal(written('y'.repeat(512)), `  F|startswith: '${'y'.repeat(512)}'`);
});

test('a value never ends its line, its quotes, or the condition', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
      const lines = conditionOf([{ field: 'F', value }]).split('\n');
      assert.deepEqual([lines.length, lines[0], lines[2], lines[3]], [4, 'known:', 'condition: known', '']);
      assert.match(lines[1] ?? '', /^ {2}F: (?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")$/u);
    }),
  );
});
