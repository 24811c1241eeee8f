import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { harnessAtHand } from './harness-programs.ts';
import { callOf, openHarness } from './harness-under-test.ts';
import type { HarnessUnderTest } from './harness-under-test.ts';

// Codex itself, with hooks that `agent setup` wrote; only its model is ours. That somebody looked at the hooks is said on its command line.
const codex = harnessAtHand('codex') ?? '';
const options = { skip: codex === '' ? 'Codex is not here: node tools/launch.mjs tools/fetch-harnesses.ts' : false };
let house: HarnessUnderTest;

before(async () => {
  if (codex === '') return;
  house = await openHarness(({ home, model, bin }) => {
    mkdirSync(join(home, '.codex'), { recursive: true });
    writeFileSync(join(home, '.codex', 'config.toml'), configuration(model.address));
    return { PATH: `${bin}:${dirname(codex)}:${process.env['PATH'] ?? ''}`, MODEL_KEY: 'of-the-test' };
  });
});
after(() => (codex === '' ? undefined : house.end()));

/** Everything may be done there without asking: what holds it are the hooks. */
function configuration(model: string): string {
  return `
model = "model-of-the-test"
model_provider = "local"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.local]
name = "local"
base_url = "${model}/v1"
wire_api = "responses"
env_key = "MODEL_KEY"
`;
}

const prompted = (prompt: string, ...more: readonly string[]): readonly string[] => [
  codex,
  'exec',
  '--skip-git-repo-check',
  ...more,
  prompt,
];
const looked = '--dangerously-bypass-hook-trust';
const heard = (): string => house.model.heard.join('\n---\n');

test(
  'the set-up writes its hooks, shows that they hold, and says that somebody has to look at them',
  options,
  async () => {
    const made = await house.sallyport('agent', 'setup', 'codex', '--guard', house.guard, '--write');
    assert.equal(made.code, 0, made.stderr + made.stdout);
    assert.equal(made.stdout.match(/^proved /gm)?.length, 4, made.stdout);
    assert.match(made.stderr, /codex 0\.169\.0/);
    assert.match(made.stderr, /type \/hooks/);
  },
);

test('an allowed command runs, a refused one does not, and its reason reaches the model', options, async () => {
  const guarded = join(house.home, '.codex/hooks.json.new');
  const patch = `*** Begin Patch\n*** Add File: ${guarded}\n+{}\n*** End Patch\n`;
  const { session, code, stderr } = await house.run(prompted('Read notes.txt', looked), [
    callOf('exec_command', { cmd: 'cat notes.txt' }),
    callOf('exec_command', { cmd: `apply_patch <<'EOF'\n${patch}EOF` }),
    callOf('exec_command', { cmd: 'rm -rf ~/.codex' }),
    { kind: 'words', text: 'At nine.' },
  ]);
  assert.equal(code, 0, stderr);
  assert.match(heard(), /The gate closes at nine/);
  assert.match(heard(), /Sallyport: /);
  assert.equal(existsSync(guarded), false);
  assert.ok(existsSync(join(house.home, '.codex', 'config.toml')));
  const steps = await house.timeline(session, (codes) => codes.includes('agent.session_ended'));
  const verdicts = steps.filter((step) => step.code === 'agent.tool_decided').map(({ of }) => of['verdict']);
  assert.deepEqual(verdicts, ['allow', 'deny', 'deny']);
  const codes = steps.map((step) => step.code);
  for (const one of ['agent.prompt_given', 'agent.tool_finished', 'agent.model_called'])
    assert.ok(codes.includes(one), codes.join(' '));
  // As it tells by OpenTelemetry; each call that ran was asked about.
  const called = steps.filter((step) => step.code === 'agent.model_called').map(({ of }) => of);
  assert.equal(called.length, 4);
  for (const { input_tokens: input, output_tokens: output, cached_tokens: cached } of called)
    assert.deepEqual([input, output, cached], [1200, 34, 500]);
  assert.equal(codes.includes('agent.hook_silent'), false);
});

test(
  'hooks nobody looked at do not run, without a word: the set-up says so, and what ran unasked is told of',
  options,
  async () => {
    const { session } = await house.run(prompted('Read notes.txt'), [callOf('exec_command', { cmd: 'cat notes.txt' })]);
    const steps = await house.timeline(session, (codes) => codes.includes('agent.session_ended'));
    assert.deepEqual(
      steps.map(({ code }) => code).filter((code) => code !== 'agent.model_called'),
      ['agent.session_started', 'agent.hook_silent', 'agent.session_ended'],
    );
  },
);

test('when the server is killed in the middle nothing more runs', options, async () => {
  const touched = join(house.workspace, 'touched-while-gone');
  const touch = callOf('exec_command', { cmd: `touch ${touched}` });
  await house.run(prompted(`Run touch ${touched}`, looked), [touch, touch], {
    async before(position) {
      if (position === 0) await house.killServer();
    },
  });
  assert.equal(existsSync(touched), false);
  assert.match(heard(), /the server cannot be asked/);
});
