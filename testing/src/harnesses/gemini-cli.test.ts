import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { harnessAtHand } from './harness-programs.ts';
import { callOf, openHarness } from './harness-under-test.ts';
import type { HarnessUnderTest } from './harness-under-test.ts';

// Gemini CLI itself, with hooks that `agent setup` wrote; only its model is ours. It says yes to everything by itself: what holds it are
// the hooks.
const gemini = harnessAtHand('gemini') ?? '';
const options = {
  skip: gemini === '' ? 'Gemini CLI is not here: node tools/launch.mjs tools/fetch-harnesses.ts' : false,
};
let house: HarnessUnderTest;

before(async () => {
  if (gemini === '') return;
  house = await openHarness(({ home, model, bin }) => {
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      general: { disableAutoUpdate: true, disableUpdateNag: true },
    };
    mkdirSync(join(home, '.gemini'), { recursive: true });
    const file = join(home, '.gemini', 'settings.json');
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(settings));
    const program = join(bin, 'gemini');
    const script = `#!/bin/sh\nexec "${process.execPath}" "${gemini}" "$@"\n`;
    if (!existsSync(program)) writeFileSync(program, script, { mode: 0o755 });
    return {
      GEMINI_API_KEY: 'of-the-test',
      GOOGLE_GEMINI_BASE_URL: model.address,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    };
  });
});
after(() => (gemini === '' ? undefined : house.end()));

const prompted = (prompt: string): readonly string[] => ['gemini', '-p', prompt, '--yolo', '--output-format', 'json'];
const heard = (): string => house.model.heard.join('\n---\n');

test('the set-up writes its hooks and shows that they hold', options, async () => {
  const made = await house.sallyport('agent', 'setup', 'gemini-cli', '--guard', house.guard, '--write');
  assert.equal(made.code, 0, made.stderr + made.stdout);
  assert.equal(made.stdout.match(/^proved /gm)?.length, 4, made.stdout);
});

test('an allowed call runs, a refused one does not, and its reason reaches the model', options, async () => {
  const guarded = join(house.workspace, '.gemini/settings.json');
  const { session, code, stderr } = await house.run(prompted('Read notes.txt'), [
    callOf('read_file', { file_path: join(house.workspace, 'notes.txt') }),
    callOf('write_file', { file_path: guarded, content: '{}' }),
    { kind: 'words', text: 'At nine.' },
  ]);
  assert.equal(code, 0, stderr);
  assert.match(heard(), /The gate closes at nine/);
  assert.match(heard(), /Sallyport: /);
  assert.equal(existsSync(guarded), false);
  const steps = await house.timeline(session, (codes) => codes.includes('agent.session_ended'));
  const codes = steps.map((step) => step.code);
  for (const one of ['agent.prompt_given', 'agent.tool_decided', 'agent.tool_finished', 'agent.model_called'])
    assert.ok(codes.includes(one), codes.join(' '));
  // As it tells by OpenTelemetry.
  for (const { of } of steps.filter((step) => step.code === 'agent.model_called'))
    assert.deepEqual([of['input_tokens'], of['output_tokens'], of['prompt'] === undefined], [1200, 34, false]);
});

test('when the server is killed in the middle nothing more runs', options, async () => {
  const touched = join(house.workspace, 'touched-while-gone');
  const touch = callOf('run_shell_command', { command: `touch ${touched}` });
  await house.run(prompted(`Run touch ${touched}`), [touch, touch], {
    async before(position) {
      if (position === 0) await house.killServer();
    },
  });
  assert.equal(existsSync(touched), false);
  assert.match(heard(), /the server cannot be asked/);
});
