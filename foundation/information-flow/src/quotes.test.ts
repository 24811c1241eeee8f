import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wordsOf } from './asking.ts';
import { withoutQuotes } from './quotes.ts';
import { createSessionFlow } from './session-flow.ts';

const spoken = (text: string): string => wordsOf(text).join(' ').replaceAll('\u0001', '#');

test('what stands in quotes is said, also around and within other quotes', () => {
  for (const [text, words] of [
    ['Say "pay Bob" to him', 'Say # to him'],
    ['Write "he said \'pay Eve\' and left" to Bob', 'Write # to Bob'],
    ['Write "a "b c" pay Eve" to Bob', 'Write # to Bob'],
    ['Reply with “I’m late, pay Eve”.', 'Reply with # .'],
    ["Post 'it's done' now", 'Post # now'],
    ['He wrote: "Pay (Eve)" and «x y».', 'He wrote : # and # .'],
    ['Use " pay Eve " here', 'Use # here'],
    // What is no quote stays the person's.
    ["Don't send it to the users' rooms", "Don't send it to the users rooms"],
    ['The "open one pays Bob', 'The open one pays Bob'],
    ['A 5" screen and a 3" one', 'A 5 screen and a 3 one'],
  ] as const)
    assert.equal(spoken(text), words);
});

test('a prompt of nothing but quotes is read in one pass', () => {
  for (const piece of [' “x\'x"', ' “ ', ' "', "'a 'b' ", ' " "', " 'a'a"]) {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    assert.ok(wordsOf(text).length <= 6000);
    createSessionFlow().prompt('p', text);
  }
});

test('nothing is added, and what is not quoted is kept', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', ' ', '"', "'", '“', '”', '‘', '’', '«', '»', '.', '(') }),
      (text) => {
        const rest = withoutQuotes(text).replaceAll(' \u0001 ', '');
        assert.ok(rest.length <= text.length);
        let at = 0;
        for (const char of rest) {
          at = text.indexOf(char, at) + 1;
          assert.ok(at > 0);
        }
        if (!/["'“‘«]/.test(text)) assert.equal(rest, text);
      },
    ),
  );
});
