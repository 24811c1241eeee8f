import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonLine, plainText, shortText } from './terminal.ts';

const dangerous = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\x1b', '[', ']', '\x9b', '\x90', '31m', '\x07', '\\', 'P', '52;c;QQ==', '\u202e', '\r', '\n'),
    ),
  )
  .map((parts) => parts.join(''));

test('no text whatever leaves plainText() with a character that acts on a terminal', () => {
  fc.assert(
    fc.property(hostile, (text) => assert.doesNotMatch(plainText(text), dangerous)),
    { numRuns: 1000 },
  );
});

test('plainText() leaves every printable text as it is', () => {
  for (const text of ['C:\\Windows\\System32 [x]', 'Grüße, 日本語 🙂', '{"a":"b;31m"}'])
    assert.equal(plainText(text), text);
  assert.equal(plainText('a\x1b[1;31mb\x1b]8;;http://x\x07c\x1b(Bd'), 'abcd');
});

test('jsonLine() is safe to print and reads back as the same value', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const line = jsonLine({ text });
      assert.doesNotMatch(line, dangerous);
      assert.deepEqual(JSON.parse(line), { text });
    }),
    { numRuns: 1000 },
  );
});

test('shortText() cuts between characters', () => {
  assert.equal(shortText('🙂🙂🙂', 3), '🙂…');
});
