import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CliError } from '../errors.ts';
import {
  agentPolicyText,
  readAgentPolicyFile,
  readAgentPolicyPaths,
  writeAgentPolicyFiles,
} from './agent-policy-file.ts';

const directory = (): string => mkdtempSync(join(tmpdir(), 'agent-policy-file-'));
const draft = { name: 'Night', scope: { kind: 'agent', id: 'a1' }, text: '@id("a") …\n', tests: [] };
const tests = [{ name: 'It asks', pack: 'observe', prompt: '', tool: 'Bash', input: { command: 'ls' }, expect: 'ask' }];

test('a document written as a file reads back as it was, whatever of it its text does not say', async () => {
  const into = directory();
  const scopes = [
    { kind: 'all' },
    { kind: 'agent', id: 'a1' },
    { kind: 'person', id: 'p 1' },
    { kind: 'repository', name: 'https://git.example/shop.git' },
  ];
  const texts = ['', '// Night\n', '// Other\n// About: all agents\n', '// Night\r\n// About: agent a1\r\nx', 'forbid'];
  for (const scope of scopes)
    for (const text of texts) {
      writeAgentPolicyFiles(into, [{ id: 'night', draft: { name: 'Night', scope, text, tests } }]);
      const read = await readAgentPolicyFile(join(into, 'night.cedar'));
      assert.deepEqual({ ...read.draft, text: '' }, { name: 'Night', scope, text: '', tests });
      assert.ok(read.draft.text.endsWith(text));
      assert.equal(agentPolicyText(read), read.draft.text, 'written once more it stays as it is');
    }
});

test('what cannot stand in a file is refused before anything is written', () => {
  const into = directory();
  const good = { id: 'good', draft };
  const hostile = [
    { id: 'two-lines', draft: { ...draft, name: 'A\nforbid (principal, action, resource);' } },
    { id: 'about', draft: { ...draft, name: 'About: all agents' } },
    { id: 'scope', draft: { ...draft, scope: { kind: 'agent', id: 'a\n// About: all agents' } } },
    { id: '../escaped', draft },
  ];
  for (const one of hostile)
    assert.throws(
      () => writeAgentPolicyFiles(into, [good, one]),
      (error) => error instanceof CliError && error.code === 'output_unwritable',
      one.id,
    );
  assert.deepEqual(readdirSync(into), []);
});

test('a folder is read by id; a path that leads to no policies, or twice to one, is refused', async () => {
  const folder = directory();
  const empty = directory();
  for (const id of ['b', 'a']) writeFileSync(join(folder, `${id}.cedar`), `// ${id}\n`);
  assert.deepEqual(
    (await readAgentPolicyPaths([folder])).map(({ id }) => id),
    ['a', 'b'],
  );
  for (const [paths, message] of [
    [[empty], /must hold \*\.cedar files/],
    [[join(folder, 'c.cedar')], /there is no such file/],
    [[join(folder, 'nowhere')], /must be 1 to 40 lower-case letters/],
    [[folder, join(folder, 'a.cedar')], /two documents called "a"/],
  ] as const)
    await assert.rejects(readAgentPolicyPaths(paths), message);
});
