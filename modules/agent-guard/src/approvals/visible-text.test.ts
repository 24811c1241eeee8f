import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { visibleLine, visibleText } from './visible-text.ts';

test('what cannot be seen, or turns the text around, is written as its number', () => {
  const hostile = [
    ['rm \u202Efdp.exe', 'rm ⟨U+202E⟩fdp.exe'],
    ['pay\u200Bpal.example', 'pay⟨U+200B⟩pal.example'],
    ['a\u{E0041}\u{E0042}b', 'a⟨U+E0041⟩⟨U+E0042⟩b'],
    ['a\uFE0Fb\u{E0101}c', 'a⟨U+FE0F⟩b⟨U+E0101⟩c'],
    ['x\u3164y\u2800z', 'x⟨U+3164⟩y⟨U+2800⟩z'],
    ['a\u00A0b\u2003c\td', 'a⟨U+00A0⟩b⟨U+2003⟩c⟨U+0009⟩d'],
    ['esc\u001B[2J', 'esc⟨U+001B⟩[2J'],
    ['half \uD800 sign', 'half ⟨U+D800⟩ sign'],
  ] as const;
  for (const [text, shown] of hostile) assert.equal(visibleText(text).text, shown);
  assert.equal(visibleText('a\u202Eb\u200Bc').hidden, 2);
  assert.equal(visibleText(`o${'\u0301'.repeat(30)}`).hidden, 26);
  assert.deepEqual(visibleText('Grüße,\nपैसे 支払う 😀'), { text: 'Grüße,\nपैसे 支払う 😀', hidden: 0 });
  assert.equal(visibleLine(`one\ntwo${'x'.repeat(100)}`, 8), 'one⟨U+000A⟩two…');
});

test('whatever comes in, nothing hidden goes out, and what was hidden is counted', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const { text: shown, hidden } = visibleText(text);
      assert.doesNotMatch(
        shown,
        /[\p{Default_Ignorable_Code_Point}\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/u,
      );
      assert.equal(hidden === 0, shown === text);
      assert.deepEqual(visibleText(shown), { text: shown, hidden: 0 });
    }),
  );
});
