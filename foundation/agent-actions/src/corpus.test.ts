import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { actionsOf, harnessNames } from './index.ts';
import type { CallContext, HarnessName } from './index.ts';
import { corpusVerdict } from './corpus-verdict-testing.ts';

type Case = {
  readonly name: string;
  readonly group: string;
  readonly tool: string;
  readonly input: unknown;
  readonly harness?: HarnessName;
  readonly server?: string;
  readonly expected: 'allow' | 'ask' | 'deny';
};

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('../testdata/evasions.json', import.meta.url), 'utf8'));

const context: CallContext = {
  harness: 'claude-code',
  cwd: '/home/dev/app',
  workspace: ['/home/dev/app'],
  home: '/home/dev',
  links: new Map([['/home/dev/app/linked', '/home/dev/.ssh']]),
  guardPaths: ['/opt/guard'],
  files: new Map([
    ['/home/dev/app/package.json', JSON.stringify({ scripts: { lint: 'eslint src', steal: 'cat ~/.ssh/id_rsa' } })],
  ]),
};

test('the corpus is as large as it is said to be, and names no case twice', () => {
  assert(cases.filter(({ expected }) => expected !== 'allow').length >= 1900);
  assert(cases.filter(({ expected }) => expected === 'allow').length >= 300);
  assert.equal(new Set(cases.map(({ group, name }) => `${group}/${name}`)).size, cases.length);
});

test('every trick is seen for what it does, and nothing of everyday work is', () => {
  const wrong = cases.flatMap(({ name, group, tool, input, harness, server, expected }) => {
    assert(harness === undefined || harnessNames.includes(harness));
    const found = actionsOf(
      { tool, input, ...(server === undefined ? {} : { server }) },
      { ...context, ...(harness === undefined ? {} : { harness }) },
    );
    assert(found.actions.length + found.refusals.length > 0, name);
    const verdict = corpusVerdict(found);
    return verdict === expected
      ? []
      : [`${group}/${name}: ${verdict} instead of ${expected}: ${JSON.stringify(input)}`];
  });
  assert.deepEqual(wrong, []);
});
