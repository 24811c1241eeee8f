import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { helpAt, suggestionsAt } from './sigma-completion.ts';
import type { Vocabulary } from './sigma-completion.ts';
import { sigmaPlace } from './sigma-place.ts';

const vocabulary: Vocabulary = {
  keys: [
    { in: '', name: 'title', help: 'What it finds.' },
    { in: '', name: 'level', help: 'How an alert is ranked.' },
    { in: 'logsource', name: 'product', help: 'What writes the events.' },
    { in: 'detection', name: 'condition', help: 'The searches joined.' },
  ],
  modifiers: [
    { name: 'contains', help: 'Anywhere.' },
    { name: 'all', help: 'Every value.' },
  ],
  levels: ['low', 'high'],
  statuses: ['test'],
  log_sources: [
    { product: 'windows', category: 'process_creation', rules: 9, fields: ['Image', 'CommandLine'] },
    { product: 'linux', service: 'auditd', rules: 3, fields: ['a0'] },
  ],
  tags: ['attack.execution'],
};

/** What is offered where `¦` stands. */
function offered(marked: string): readonly string[] {
  const at = marked.indexOf('¦');
  return suggestionsAt(marked.replace('¦', ''), at, vocabulary)?.options.map(({ label }) => label) ?? [];
}

const start = 'title: A\nlogsource:\n  product: windows\n  category: process_creation\n';

test('keys are offered where they stand: at the top, and under the key above', () => {
  assert.deepEqual(offered('ti¦'), ['title', 'level']);
  assert.deepEqual(offered('title: A\nlogsource:\n  ¦'), ['product']);
  assert.deepEqual(offered(`${start}detection:\n  ¦`), ['condition']);
});

test('in a search the fields of its log source are offered, and modifiers behind a bar', () => {
  assert.deepEqual(offered(`${start}detection:\n  sel:\n    ¦`), ['Image', 'CommandLine']);
  assert.deepEqual(offered(`${start}detection:\n  sel:\n    - Im¦`), ['Image', 'CommandLine']);
  assert.deepEqual(offered(`${start}detection:\n  sel:\n    Image|¦`), ['contains', 'all']);
  assert.deepEqual(offered(`${start}detection:\n  sel:\n    Image|contains|¦`), ['all']);
  assert.deepEqual(offered('logsource:\n  service: auditd\ndetection:\n  sel:\n    ¦'), ['a0']);
});

test('values are offered for levels, tags, log sources and conditions', () => {
  assert.deepEqual(offered('level: ¦'), ['low', 'high']);
  assert.deepEqual(offered('tags:\n  - ¦'), ['attack.execution']);
  assert.deepEqual(offered('tags:\n- att¦'), ['attack.execution']);
  assert.deepEqual(offered('logsource:\n  product: ¦'), ['windows', 'linux']);
  assert.deepEqual(offered('logsource:\n  product: windows\n  category: ¦'), ['process_creation']);
  assert.ok(offered(`${start}detection:\n  sel_a:\n    Image: a\n  condition: ¦`).includes('sel_a'));
});

test('the second document of a text begins anew', () => {
  assert.deepEqual(offered(`${start}detection:\n  sel:\n    Image: a\n---\nti¦`), ['title', 'level']);
  assert.deepEqual(
    sigmaPlace('logsource:\n  product: aws\n---\nlogsource:\n  product: linux\n', 60).logSource.product,
    'linux',
  );
});

test('a word is explained', () => {
  assert.equal(helpAt('level: low', 2, vocabulary), 'level: How an alert is ranked.');
  const text = `${start}detection:\n  sel:\n    Image|contains|all: a`;
  assert.equal(helpAt(text, text.length - 8, vocabulary), 'contains: Anywhere.\nall: Every value.');
  assert.equal(helpAt('', 0, vocabulary), undefined);
});

test('no text makes it throw, wherever the cursor stands', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ':', '-', ' ', '\n', '|', '"', "'", '#', '{') }),
      fc.nat(),
      (text, n) => {
        const at = text.length === 0 ? 0 : n % (text.length + 1);
        const found = suggestionsAt(text, at, vocabulary);
        assert.ok(found === undefined || found.from <= at);
        helpAt(text, at, vocabulary);
      },
    ),
  );
});
