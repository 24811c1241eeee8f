import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { harnessAtHand } from './harness-programs.ts';
import { callOf, openHarness } from './harness-under-test.ts';
import type { HarnessUnderTest } from './harness-under-test.ts';

// Claude Code itself, with settings that `agent setup` wrote, on a real server; only its model is ours. One story: each test goes on where
// the one before it stopped, and the server is killed in it.
const claude = harnessAtHand('claude') ?? '';
const options = {
  skip: claude === '' ? 'Claude Code is not here: node tools/launch.mjs tools/fetch-harnesses.ts' : false,
};
let house: HarnessUnderTest;
let settings = '';
/** Where everything it does may be asked for: what the person let it do before our hooks stand beside it. */
const permissions = { allow: ['Bash', 'Write', 'Edit', 'Read'] };

before(async () => {
  if (claude === '') return;
  house = await openHarness(({ model }) => ({
    PATH: `${dirname(claude)}:${process.env['PATH'] ?? ''}`,
    ANTHROPIC_BASE_URL: model.address,
    ANTHROPIC_API_KEY: 'of-the-test',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }));
  mkdirSync(join(house.home, '.claude'));
  settings = join(house.home, '.claude', 'settings.json');
  writeFileSync(settings, JSON.stringify({ permissions }));
});
after(() => (claude === '' ? undefined : house.end()));

const prompted = (prompt: string): readonly string[] => [claude, '-p', prompt, '--output-format', 'json'];
const heard = (): string => house.model.heard.join('\n---\n');

test('the set-up finds its version, writes its settings, and shows that they hold', options, async () => {
  const found = await house.sallyport('agent', 'setup');
  assert.match(found.stdout, /claude-code +2\.1\.330 +none/);
  const made = await house.sallyport('agent', 'setup', 'claude-code', '--guard', house.guard, '--write');
  assert.equal(made.code, 0, made.stderr + made.stdout);
  assert.match(made.stdout, /proved +a harmless call goes/);
  assert.match(made.stdout, /proved +a call that changes what guards the agent is refused/);
  assert.match(made.stdout, /proved +the server judged and recorded both/);
  assert.match(made.stdout, /stands +"onFailure": "block"/);
  assert.match(readFileSync(settings, 'utf8'), /"type": "http"/);
  assert.match(readFileSync(`${settings}.before-sallyport`, 'utf8'), /"allow"/);
});

test('an allowed call runs, a refused one does not, and its reason reaches the model', options, async () => {
  const guarded = join(house.workspace, '.claude/settings.json');
  const { session, stdout } = await house.run(prompted('Read notes.txt and tell me when the gate closes'), [
    callOf('Read', { file_path: join(house.workspace, 'notes.txt') }),
    callOf('Write', { file_path: guarded, content: '{}' }),
    { kind: 'words', text: 'At nine.' },
  ]);
  assert.match(stdout, /At nine\./);
  assert.match(heard(), /The gate closes at nine/);
  assert.match(heard(), /Sallyport: .*does not change what guards it/);
  assert.equal(existsSync(guarded), false);
  const steps = await house.timeline(session, (codes) => codes.includes('agent.session_ended'));
  const codes = steps.map(({ code }) => code);
  for (const code of ['agent.session_started', 'agent.prompt_given', 'agent.tool_decided', 'agent.tool_finished'])
    assert.ok(codes.includes(code), `${code} of ${codes.join(' ')}`);
  assert.equal(codes.includes('agent.hook_silent'), false);
});
