import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { itemsOf, parseJson, textsOf } from '@sallyport/contracts';
import { loadCallJudge } from './index.ts';

const judge = await loadCallJudge(agentPolicyFiles(), 'developer');

function verdict(command: string, isTainted: boolean): string {
  const input = { command };
  const at = { workspace: '/home/dev/app', home: '/home/dev' };
  return judge({ harness: 'claude-code', tool: 'Bash', input, ...at, isTainted }).verdict;
}

const everyday = textsOf(
  itemsOf(parseJson(readFileSync(join(import.meta.dirname, '../../testdata/everyday.json'), 'utf8'))),
);

test('the developer pack asks about none of the commands of everyday work', () => {
  assert.ok(everyday.length >= 150);
  assert.deepEqual(
    everyday.filter((command) => verdict(command, false) !== 'allow'),
    [],
  );
});

test('once words of others came in, what only the project says is asked about, and looking is not', () => {
  for (const command of ['npm test', 'make', './scripts/test.sh', 'node scripts/build.js', 'cargo build'])
    assert.equal(verdict(command, true), 'ask', command);
  for (const command of ['git status', 'grep -rn x src', 'sed -n 1,9p src/app.ts', 'rm -rf dist'])
    assert.equal(verdict(command, true), 'allow', command);
});

test('what is the project’s no more is asked about before anything came in', () => {
  for (const command of [
    'npm --script-shell=/tmp/x run build',
    'make -C /tmp/evil',
    'eslint --config /tmp/x.js .',
    'HOME=/tmp/evil npm test',
    'git --git-dir=/tmp/x/.git status',
    'cd /tmp/evil && npm test',
    'rm -rf src',
    'rm -rf ../other/dist',
    'kubectl get secret x',
    'gh pr merge 12',
    'docker run alpine',
  ])
    assert.notEqual(verdict(command, false), 'allow', command);
});
