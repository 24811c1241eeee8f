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
  house = await openHarness(({ model, bin }) => ({
    PATH: `${bin}:${dirname(claude)}:${process.env['PATH'] ?? ''}`,
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

test('what a sub-agent does is asked about as well, and stands in the run as its own', options, async () => {
  const guarded = join(house.workspace, '.claude/settings.json');
  const prompt = 'Look what notes.txt says of the gate';
  const { session } = await house.run(
    prompted('Let a helper read notes.txt'),
    [callOf('Agent', { description: 'Read the notes', prompt, subagent_type: 'general-purpose' })],
    {
      helper: {
        asked: prompt,
        turns: [
          callOf('Write', { file_path: guarded, content: '{}' }),
          callOf('Read', { file_path: join(house.workspace, 'notes.txt') }),
        ],
      },
    },
  );
  assert.equal(existsSync(guarded), false);
  const steps = await house.timeline(session, (codes) => codes.includes('agent.session_ended'));
  const ofChild = steps.filter(({ code, of }) => code === 'agent.tool_decided' && of['parent_session'] === session);
  assert.deepEqual(
    ofChild.map(({ of }) => [of['tool'], of['verdict']]),
    [
      ['Write', 'deny'],
      ['Read', 'allow'],
    ],
  );
});

test('what its model took stands in the run, by the prompt it belongs to', options, async () => {
  const { session } = await house.run(prompted('Read notes.txt'), [
    callOf('Read', { file_path: join(house.workspace, 'notes.txt') }),
    { kind: 'words', text: 'Hello.' },
  ]);
  const steps = await house.timeline(session, (codes) => codes.includes('agent.model_called'));
  const of = (code: string) => steps.find((step) => step.code === code)?.of ?? {};
  const called = of('agent.model_called');
  assert.notEqual(called['prompt'] ?? '', '');
  assert.equal(called['prompt'], of('agent.prompt_given')['prompt']);
  assert.deepEqual([called['input_tokens'], called['output_tokens'], called['cached_tokens']], [1700, 34, 500]);
  const { sessions } = await house.ask('/v1/agent/sessions');
  const shown = JSON.stringify(sessions);
  assert.match(shown, /"usage":\{"model_calls":/);
  // The call that ran was asked about: nothing says otherwise.
  assert.equal(
    steps.some(({ code }) => code === 'agent.hook_silent'),
    false,
  );
});

test(
  'whoever stops agents ends the run: the call does not run, and the model is not asked again',
  options,
  async () => {
    const touched = join(house.workspace, 'touched');
    const touch = callOf('Bash', { command: `touch ${touched}` });
    let stopId = '';
    let asked = 0;
    await house.run(prompted(`Run touch ${touched}`), [touch, touch, touch], {
      async before(position) {
        asked += 1;
        if (position > 0) return;
        const stop = await house.ask('/v1/agent/stops', 'POST', { scope: 'all', reason: 'it went astray' });
        stopId = String(stop['id']);
      },
    });
    assert.equal(existsSync(touched), false);
    assert.equal(asked, 1, heard());
    assert.equal((await house.server.ask({ path: `/v1/agent/stops/${stopId}`, method: 'DELETE' })).status, 204);
  },
);

test(
  'when the server is killed in the middle nothing more runs, and once it is back all goes on',
  options,
  async () => {
    const touched = join(house.workspace, 'touched-while-gone');
    const touch = callOf('Bash', { command: `touch ${touched}` });
    await house.run(prompted(`Run touch ${touched}`), [touch, callOf('Read', { file_path: 'notes.txt' })], {
      async before(position) {
        if (position === 0) await house.killServer();
        if (position === 1) await house.startServer();
      },
    });
    assert.equal(existsSync(touched), false);
    assert.match(heard(), /onFailure is "block"/);
    assert.match(heard(), /The gate closes at nine/);
  },
);

test(
  'an agent nobody started with us begins a run by itself, and what was asked in vain is told later',
  options,
  async () => {
    const shim = ['--guard', house.guard, '--shim', '--write'];
    const made = await house.sallyport('agent', 'setup', 'claude-code', ...shim);
    assert.equal(made.code, 0, made.stderr + made.stdout);
    assert.match(made.stdout, /proved +while the server cannot be reached nothing goes ahead/);
    const touched = join(house.workspace, 'touched-alone');
    const ran = await house.alone(
      prompted(`Read notes.txt and run touch ${touched}`),
      [
        callOf('Read', { file_path: join(house.workspace, 'notes.txt') }),
        callOf('Bash', { command: `touch ${touched}` }),
        callOf('Read', { file_path: join(house.workspace, 'notes.txt') }),
      ],
      {
        async before(position) {
          if (position === 1) await house.killServer();
          if (position === 2) await house.startServer();
        },
      },
    );
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(existsSync(touched), false);
    assert.match(heard(), /Sallyport: the server cannot be asked/);
    const { sessions } = await house.ask('/v1/agent/sessions?limit=1');
    const session = /"id":"([0-9a-f]{16})"/.exec(JSON.stringify(sessions))?.[1] ?? '';
    // What its model took is told too, with the credential that the guard has for that alone.
    const steps = await house.timeline(session, (codes) =>
      ['agent.session_ended', 'agent.model_called'].every((code) => codes.includes(code)),
    );
    const reasons = steps.map(({ of }) => String(of['reason'] ?? ''));
    assert.ok(
      reasons.some((reason) => /^Was refused by the guard at .*could not be asked$/.test(reason)),
      reasons.join('\n'),
    );
    assert.deepEqual(house.model.beyond, [], 'nothing went to a network');
  },
);
