import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSigmaRules } from '../parse-rules.ts';
import { createIndexedMatcher } from './indexed-matcher.ts';

const rule = (id: string, word: string): string =>
  `title: ${id}\nid: ${id}\nlogsource: { product: windows }\ndetection: { sel: { Image|contains: ${word}, User: x }, condition: sel }\n`;

test('every 61st event is measured, with the same matches, and what a rule costs is its own', () => {
  const { rules } = parseSigmaRules(`${rule('often', 'cmd')}---\n${rule('never', 'wmic')}`, { file: 't.yml' });
  let nowMs = 0;
  const measured = createIndexedMatcher(rules, { monotonicMs: () => (nowMs += 1) });
  const plain = createIndexedMatcher(rules);
  for (let index = 0; index < 610; index += 1) {
    const event = { Image: 'cmd.exe', User: index % 2 === 0 ? 'x' : 'y' };
    assert.deepEqual(measured.match(event), plain.match(event));
  }
  // Two looks at the clock an event: before and behind the search for all rules, and one behind each rule that a witness (the user) woke.
  assert.deepEqual(measured.takeCosts(), {
    events: 610,
    measured: 10,
    sharedMs: 10,
    rules: [{ position: 0, ms: 5, candidates: 5, matches: 5 }],
  });
  assert.deepEqual(measured.takeCosts(), { events: 0, measured: 0, sharedMs: 0, rules: [] });
  assert.equal(plain.takeCosts(), undefined);
});
