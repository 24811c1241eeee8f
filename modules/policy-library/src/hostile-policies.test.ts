import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readPolicies } from '@sallyport/access-policy';
import fc from 'fast-check';
import { bundled } from './library.fixture.ts';
import { textsWith } from './policy-set.ts';
import { createPolicyThread } from './policy-thread.ts';
import type { Tried } from './policy-tasks.ts';

const thread = createPolicyThread();
after(() => thread.close());

const attempt = (text: string): Promise<Tried> =>
  thread.attempt({ texts: textsWith(bundled, [{ id: 'x', name: 'X', text, tests: [] }]), tests: [] });
const policy = (condition: string): string =>
  `@id("x") @words("y") forbid (principal is Sallyport::User, action, resource) when { ${condition} };`;

for (const [what, text] of [
  ['ten thousand clauses', policy(Array(10_000).fill('true').join(' && '))],
  ['brackets in brackets', policy(`${'('.repeat(5000)}true${')'.repeat(5000)}`)],
  ['lists in lists', policy(`${'['.repeat(500)}1${']'.repeat(500)} == 1`)],
  ['conditions in conditions', policy(`${'if true then true else '.repeat(500)}true`)],
  [
    'a thousand policies',
    Array.from(
      { length: 1000 },
      (_, at) => `@id("x-${at}")@words("y")forbid(principal is Sallyport::User,action,resource);`,
    ).join(''),
  ],
  ['a chain as long as a policy may be', policy(Array(1500).fill('!true').join('||'))],
  ['a chain that is deeper than deciding goes', policy(Array(400).fill('principal.risk > 1').join(' && '))],
  ['a chain that is nearly too long for deciding', policy(Array(260).fill('principal.risk > 1').join(' || '))],
  ['attributes of attributes', policy(`principal${'.risk'.repeat(3000)} == 1`)],
  ['a text without an end', `@id("${'x'.repeat(60_000)}`],
] as const) {
  test(`${what}: refused or read, in its own thread, and the next text is read as ever`, async () => {
    const { faults } = await attempt(text);
    assert.ok(faults.length > 0 || what.startsWith('a chain as'), what);
    const next = await attempt(policy('principal.risk > 90'));
    assert.deepEqual(next.faults, []);
  });
}

test('whatever somebody types is read or refused with a place in the text, and nothing is thrown', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '@id("a")',
      '@words("b")',
      'permit',
      'forbid',
      '(',
      ')',
      'principal',
      'is',
      'Sallyport::User',
      ',',
      'action',
      'resource',
      ';',
      'when',
      '{',
      '}',
      '"',
      '//',
      '\n',
      '?principal',
      '@role("x")',
      '@name("n")',
      'é😀',
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join(' ');
      const { faults } = readPolicies(textsWith(bundled, [{ id: 'x', name: 'X', text, tests: [] }]));
      for (const { line, column } of faults) {
        assert.ok(line >= 1 && line <= text.split('\n').length, `${line} of ${JSON.stringify(text)}`);
        assert.ok(column >= 1);
      }
    }),
    { numRuns: 30 },
  );
});
