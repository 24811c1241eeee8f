import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holds } from './try-detection.ts';
import { compilePattern, foldCase, parseWildcards, withDashes } from './wildcard.ts';

function matches(pattern: string, text: string, cased = false): boolean {
  return compilePattern(parseWildcards(pattern), cased)(cased ? text : foldCase(text));
}

/** The rows of the escape table (Sigma rules specification, "Escaping"): as written, a text that matches, a text that does not. */
const escapeTable = [
  { row: 'a plain backslash, single', written: 'C:\\Windows', yes: 'C:\\Windows', no: 'C:Windows' },
  { row: 'a plain backslash, doubled', written: 'C:\\\\Windows', yes: 'C:\\Windows', no: 'C:\\\\Windows' },
  { row: 'an escaped star', written: 'a\\*b', yes: 'a*b', no: 'axxb' },
  { row: 'an escaped question mark', written: 'a\\?b', yes: 'a?b', no: 'axb' },
  { row: 'a backslash before a wildcard', written: 'a\\\\*b', yes: 'a\\xxb', no: 'a*b' },
  { row: 'a backslash before a question mark', written: 'a\\\\?b', yes: 'a\\xb', no: 'a\\b' },
  { row: 'a plain backslash before a plain star', written: 'a\\\\\\*b', yes: 'a\\*b', no: 'a\\xxb' },
  { row: 'three backslashes', written: 'a\\\\\\b', yes: 'a\\\\b', no: 'a\\b' },
  { row: 'four backslashes', written: 'a\\\\\\\\b', yes: 'a\\\\b', no: 'a\\b' },
  { row: 'a backslash at the end', written: 'C:\\', yes: 'C:\\', no: 'C:' },
] as const;

for (const { row, written, yes, no } of escapeTable) {
  test(`${row} is read as the escape table says`, () => {
    assert.equal(holds(`sel:\n    F: '${written}'`, { F: yes }), true);
    assert.equal(holds(`sel:\n    F: '${written}'`, { F: no }), false);
  });
}

test('a star stands for any text, also none and line breaks; a question mark for one character', () => {
  assert.equal(matches('a*c', 'ac'), true);
  assert.equal(matches('a*c', 'a\r\nc'), true);
  assert.equal(matches('a?c', 'abc'), true);
  assert.equal(matches('a?c', 'a😀c'), true);
  assert.equal(matches('a?c', 'ac'), false);
  assert.equal(matches('a?c', 'abbc'), false);
  assert.equal(matches('*?c', 'c'), false);
  assert.equal(matches('', ''), true);
  assert.equal(matches('', 'a'), false);
  assert.equal(matches('ab*ba', 'aba'), false, 'the two ends must not overlap');
});

test('case is folded unless the pattern is cased, and both small sigmas are one letter', () => {
  assert.equal(matches('ΟΔΟΣ*', 'οδος έξι'), true);
  assert.equal(matches('*σ', 'ΟΔΟΣ'), true);
  assert.equal(matches('Cmd', 'cMD'), true);
  assert.equal(matches('Cmd', 'cMD', true), false);
});

/** The definition, by dynamic programming over characters. */
function definition(pattern: string, text: string): boolean {
  const tokens = parseWildcards(pattern).flatMap((token) =>
    token.kind === 'text' ? Array.from(token.text) : [token.kind],
  );
  const kinds = parseWildcards(pattern).flatMap((token) =>
    token.kind === 'text' ? Array.from(token.text, () => 'text') : [token.kind],
  );
  let reached = new Set([0]);
  const characters = Array.from(text);
  function closed(states: Set<number>): Set<number> {
    for (const state of states) if (kinds[state] === 'many') states.add(state + 1);
    return states;
  }
  reached = closed(reached);
  for (const character of characters) {
    const next = new Set<number>();
    for (const state of reached) {
      if (kinds[state] === 'many') next.add(state);
      else if (kinds[state] === 'one' || (kinds[state] === 'text' && tokens[state] === character)) next.add(state + 1);
    }
    reached = closed(next);
  }
  return reached.has(tokens.length);
}

test('matching agrees with the definition of wildcards on any pattern and text', () => {
  const alphabet = fc.constantFrom('a', 'b', '*', '?', '\\', '😀');
  const patterns = fc.string({ unit: alphabet, maxLength: 12 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', '😀'), maxLength: 14 });
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      assert.equal(matches(pattern, text), definition(pattern, text), JSON.stringify({ pattern, text }));
    }),
    { numRuns: 3000 },
  );
});

test('a pattern of many stars over a long text that almost matches ends', () => {
  const text = 'a'.repeat(400_000);
  assert.equal(matches(`${'*a'.repeat(60)}*b`, text), false);
  assert.equal(matches(`${'*a?'.repeat(60)}*b`, text), false);
  assert.equal(matches(`*${'?'.repeat(60)}b*`, text), false);
});

test('windash makes every dash any of the five, and nothing else', () => {
  const dashed = fc.string({ unit: fc.constantFrom('-', '/', '–', '—', '―', 'a', '1', ' '), maxLength: 10 });
  fc.assert(
    fc.property(dashed, fc.infiniteStream(fc.constantFrom('-', '/', '–', '—', '―')), (value, choices) => {
      const pattern = compilePattern(withDashes([{ kind: 'text', text: value }]), false);
      const varied = value.replaceAll(/[-/–—―]/g, () => String(choices.next().value));
      assert.equal(pattern(varied), true);
      assert.equal(pattern(`${varied}a`), false);
      assert.equal(pattern(varied.replaceAll(/[-/–—―]/g, 'x')), !/[-/–—―]/.test(value));
    }),
  );
});
