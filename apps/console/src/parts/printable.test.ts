import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable } from './printable.ts';

test('what cannot be seen is written out, everything else stays as it is', () => {
  assert.equal(printable('web-1 Grüße 😀 <b>'), 'web-1 Grüße 😀 <b>');
  assert.equal(printable('\u001b[31mred\u0007'), '\\u{1b}[31mred\\u{07}');
  assert.equal(printable('cod\u202eexe.txt'), 'cod\\u{202e}exe.txt');
  assert.equal(printable('a\nb\u200bc\0'), 'a\\u{0a}b\\u{200b}c\\u{00}');
});

test('no text gives a sign that moves others or drives a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u);
    }),
  );
});
