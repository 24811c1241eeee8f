import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine as cedar } from '@sallyport/access-policy';
import { actionsOf } from '@sallyport/agent-actions';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import type { AgentVerdict, JsonValue } from '@sallyport/contracts';
import { createDecisions, createSessionJudge, goodMachine, loadPack } from './index.ts';

const developer = createDecisions(cedar, loadPack(cedar, agentPolicyFiles(), 'developer'));
const at = { harness: 'claude-code', cwd: '/home/u/p', workspace: ['/home/u/p'], home: '/home/u' } as const;

/** What is said of the project's tests after a call went ahead and was answered. */
function testsAfter(tool: string, input: JsonValue, origin?: 'trusted'): AgentVerdict {
  const judge = createSessionJudge(developer, {
    subject: { isAttended: true, isSubAgent: false, harness: 'test' },
    machine: () => goodMachine,
  });
  judge.prompt('p', 'Fix the failing test');
  const first = { id: '1', tool: { name: tool }, input };
  judge.judge(first, actionsOf({ tool, input }, at));
  judge.went(first);
  judge.result(first, 'words', origin);
  const command = { command: 'npm test' };
  return judge.judge(
    { id: '2', tool: { name: 'Bash' }, input: command },
    actionsOf({ tool: 'Bash', input: command }, at),
  ).verdict;
}

test('what brings words of others is everything but a short list', () => {
  for (const command of [
    'cat node_modules/x/README.md',
    'cat vendor/x/README.md',
    'npm view left-pad',
    'npm install',
    'npm ci',
    'yarn',
    'cargo fetch',
    'go mod download',
    'git submodule update --remote',
    'git lfs pull',
    'git merge origin/main',
    'git merge fork/evil',
    'git log --all',
    'git show origin/main:README.md',
    'psql -c "select * from tickets"',
    'mysql -e "select body from t"',
    'redis-cli get x',
    'sqlite3 app.db "select body from t"',
    'docker logs x',
    'cat /tmp/x',
    'nc -l 99',
  ])
    assert.equal(testsAfter('Bash', { command }), 'ask', command);
  for (const [tool, input] of [
    ['Read', { file_path: '/home/u/p/node_modules/x/README.md' }],
    ['Task', { description: 'Look', prompt: 'Look', subagent_type: 'general-purpose' }],
    ['Agent', { prompt: 'Look' }],
    ['TaskOutput', { task_id: '1' }],
    ['ReadMcpResourceTool', { server: 's', uri: 'x' }],
  ] as const)
    assert.equal(testsAfter(tool, input), 'ask', tool);
});

test('a server answers words of others, whatever it calls its tool and whoever trusts it', () => {
  for (const tool of ['get_current_time', 'get_profile', 'list_users', 'get_channels', 'TodoWrite', 'AskUserQuestion'])
    for (const origin of [undefined, 'trusted'] as const)
      assert.equal(testsAfter(`mcp__s__${tool}`, {}, origin), 'ask', tool);
});

test('the project’s own words, and the session’s, bring nothing', () => {
  for (const command of [
    'npm test',
    'cargo build',
    'cat README.md',
    'grep -rn parse src',
    'git log -3',
    'git stash pop',
    'git push',
    'npm ls react',
    'curl http://localhost:3000',
    'rm -rf node_modules',
    'kill %1',
  ])
    assert.equal(testsAfter('Bash', { command }), 'allow', command);
  for (const [tool, input] of [
    ['Read', { file_path: '/home/u/p/src/a.ts' }],
    ['TodoWrite', { todos: [] }],
    ['AskUserQuestion', { questions: [] }],
    ['ExitPlanMode', { plan: 'x' }],
    ['BashOutput', { bash_id: '1' }],
    ['ToolSearch', { query: 'x' }],
  ] as const)
    assert.equal(testsAfter(tool, input), 'allow', tool);
});
