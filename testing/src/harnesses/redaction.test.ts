import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { harnessAtHand } from './harness-programs.ts';
import { callOf, openHarness } from './harness-under-test.ts';
import type { HarnessUnderTest } from './harness-under-test.ts';

// What a model reads of secrets, and what its calls run with: Claude Code itself on a real server; only its model is ours.
const claude = harnessAtHand('claude') ?? '';
const options = {
  skip: claude === '' ? 'Claude Code is not here: node tools/launch.mjs tools/fetch-harnesses.ts' : false,
};
let house: HarnessUnderTest;
// Nobody's, and put together here, so that no scanner takes this file for a leak.
const secret = ['sk', 'live', 'Zx81QpLm93TyRw72KdVb'].join('_');

before(async () => {
  if (claude === '') return;
  house = await openHarness(({ model, bin }) => ({
    PATH: `${bin}:${dirname(claude)}:${process.env['PATH'] ?? ''}`,
    ANTHROPIC_BASE_URL: model.address,
    ANTHROPIC_API_KEY: 'of-the-test',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }));
  mkdirSync(join(house.home, '.claude'));
  writeFileSync(
    join(house.home, '.claude', 'settings.json'),
    JSON.stringify({ permissions: { allow: ['Bash', 'Write', 'Edit', 'Read'] } }),
  );
  writeFileSync(join(house.workspace, 'payments.txt'), `stripe = ${secret}\nmode = live\n`);
  const made = await house.sallyport('agent', 'setup', 'claude-code', '--guard', house.guard, '--write');
  assert.equal(made.code, 0, made.stderr + made.stdout);
});
after(() => (claude === '' ? undefined : house.end()));

test(
  'the model reads a token of a file and of a command, and a file it writes with it has the value',
  options,
  async () => {
    const heard = (): string => house.model.heard.join('\n---\n');
    const token = (): string => /<secret:stripe-key:\d+\.[a-z\d]+>/.exec(heard())?.[0] ?? 'no token';
    const target = join(house.workspace, 'copy.txt');
    const turns: Parameters<HarnessUnderTest['run']>[1][number][] = [
      callOf('Read', { file_path: join(house.workspace, 'payments.txt') }),
      callOf('Bash', { command: 'cat payments.txt', description: 'Show it' }),
      { kind: 'words', text: 'replaced below' },
      { kind: 'words', text: 'replaced below' },
      { kind: 'words', text: 'Copied.' },
    ];
    const { session, stdout } = await house.run(
      [claude, '-p', 'Copy the setting of payments.txt to copy.txt', '--output-format', 'json'],
      turns,
      {
        before: async (position) => {
          if (position === 2) turns[2] = callOf('Write', { file_path: target, content: `copied: ${token()}\n` });
          // What is searched for is looked at before its hook is asked: a token is found in no file.
          if (position === 3)
            turns[3] = callOf('Edit', { file_path: target, old_string: 'copied:', new_string: `own ${token()},` });
        },
      },
    );
    assert.match(stdout, /Copied\./);
    assert.ok(!heard().includes(secret), 'the model never had it');
    assert.match(heard(), /stripe = <secret:stripe-key:1\./);
    assert.match(heard(), /mode = live/, 'and what stands beside it is as it was');
    assert.equal(readFileSync(target, 'utf8'), `own ${secret}, ${secret}\n`);
    const steps = await house.timeline(session, (codes) => codes.includes('agent.session_ended'));
    assert.ok(!JSON.stringify(steps).includes(secret), 'nor has the ledger');
    const of = (code: string, tool: string) =>
      steps.find((step) => step.code === code && step.of['tool'] === tool)?.of ?? {};
    const read = of('agent.tool_finished', 'Read');
    assert.deepEqual([read['secret_kinds'], read['secret_count'], read['redacted']], [['stripe-key'], 1, 1]);
    assert.equal(of('agent.tool_decided', 'Write')['restored'], 1);
  },
);
