import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { runCommand, runSallyport } from './command-line.ts';
import { createServerUnderTest, repositoryRoot } from './server-under-test.ts';
import { eventually } from './waiting.ts';

// A run of an agent from its command line to the ledger, with a program in the place of the harness.
const server = createServerUnderTest();
const directory = mkdtempSync(join(tmpdir(), 'sallyport-agents-'));
const workspace = join(directory, 'project');
const guard = join(repositoryRoot, 'apps/guard/src/main.ts');

/** Stands for a harness: hands each hook of its list to the guard, and prints what came back. */
const harness = `
import { spawnSync } from 'node:child_process';
const [, , list] = process.argv;
const answers = JSON.parse(list).map((hook) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [${JSON.stringify(guard)}, 'claude-code'], {
    input: JSON.stringify({ session_id: 'h-1', cwd: ${JSON.stringify(workspace)}, ...hook }),
    encoding: 'utf8',
    // Of what stands in the environment of a run.
    env: { ...process.env },
  });
  return { status, stdout, stderr };
});
process.stdout.write(JSON.stringify({ answers, token: process.env.SALLYPORT_AGENT_TOKEN, session: process.env.SALLYPORT_AGENT_SESSION, server: process.env.SALLYPORT_AGENT_SERVER }));
process.exit(7);
`;
const script = join(directory, 'harness.mjs');

type Answer = { readonly status: number; readonly stdout: string; readonly stderr: string };
type Ran = {
  readonly answers: readonly Answer[];
  readonly token: string;
  readonly session: string;
  readonly server: string;
};

before(async () => {
  mkdirSync(workspace);
  writeFileSync(script, harness);
  await server.start();
});
after(async () => {
  await server.end();
  rmSync(directory, { recursive: true, force: true });
});

function environment(): Readonly<Record<string, string>> {
  return { ...server.environment, SALLYPORT_SERVER: server.address(), SALLYPORT_KEY: server.keys().operator };
}

async function run(hooks: readonly JsonObject[], name = 'builder'): Promise<Ran> {
  const { code, stdout, stderr } = await runSallyport(
    ['agent', 'run', '--name', name, '--harness', 'claude-code', '--', process.execPath, script, JSON.stringify(hooks)],
    environment(),
  );
  assert.equal(code, 7, `it ends as its program does: ${stderr}`);
  assert.match(stderr, /Sallyport watches this run/);
  const ran: Ran = JSON.parse(stdout);
  return ran;
}

const call = (tool: string, input: JsonObject): JsonObject => ({
  hook_event_name: 'PreToolUse',
  tool_name: tool,
  tool_input: input,
  tool_use_id: `t-${tool}`,
});
function decision({ stdout }: Answer): string {
  const body: unknown = stdout === '' ? {} : JSON.parse(stdout);
  const specific = isJsonObject(body) ? body['hookSpecificOutput'] : undefined;
  return isJsonObject(specific) ? String(specific['permissionDecision']) : 'allow';
}
function bodyOf({ text }: { readonly text: string }): JsonObject {
  const body: unknown = parseJson(text);
  assert.ok(isJsonObject(body), text);
  return body;
}
const question = (path: string, method: 'GET' | 'POST' = 'GET', body?: JsonObject) =>
  server.ask({
    path,
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

test('a run has a credential of its own, its calls are judged and stand in the ledger, and it ends with its program', async () => {
  const {
    answers,
    token,
    session,
    server: at,
  } = await run([
    { hook_event_name: 'UserPromptSubmit', prompt: 'Read the notes in notes.txt' },
    call('Read', { file_path: join(workspace, 'notes.txt') }),
    call('Write', { file_path: join(workspace, '.claude/settings.json'), content: '{}' }),
    call('Read', { file_path: '/root/.ssh/id_ed25519' }),
  ]);
  assert.equal(at, server.address());
  assert.deepEqual(
    answers.map(({ status }) => status),
    [0, 0, 0, 0],
  );
  const [, read, settings, secret] = answers;
  assert.ok(read !== undefined && settings !== undefined && secret !== undefined);
  assert.equal(decision(read), 'allow');
  assert.equal(decision(settings), 'deny', 'an agent does not change what guards it');
  // Nobody sits at this test who could be asked.
  assert.equal(decision(secret), 'deny');
  const events = await eventually({
    what: 'the calls in the search',
    timeoutMs: 60_000,
    look: async () => {
      const found = await question(`/v1/events?q=${encodeURIComponent(`log_name:agent "${session}"`)}`);
      const events = bodyOf(found)['events'];
      return Array.isArray(events) && events.length >= 6 ? events.filter(isJsonObject) : undefined;
    },
  });
  const codes = events.map((event) => {
    const inner = event['event'];
    return isJsonObject(inner) ? inner['message'] : undefined;
  });
  assert.deepEqual(codes.toReversed(), [
    'agent.session_started',
    'agent.prompt_given',
    'agent.tool_decided',
    'agent.tool_decided',
    'agent.tool_decided',
    'agent.session_ended',
  ]);
  assert.equal(JSON.stringify(events).includes(token), false);
  // Over: the credential is no good for anything but hearing that.
  const late = await server.ask({
    path: '/v1/agent/hooks/claude-code',
    method: 'POST',
    key: token,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: 'h-1', cwd: workspace, ...call('Read', { file_path: 'x' }) }),
  });
  assert.equal(late.status, 200);
  assert.match(late.text, /"deny".*somebody ended this run|somebody ended this run.*"deny"/);
  const elsewhere = await server.ask({ path: '/v1/agents', key: token });
  assert.equal(elsewhere.status, 403);
});

test('whoever stops agents is heard with their next call, and lets them go on again', async () => {
  const stopped = await question('/v1/agent/stops', 'POST', { scope: 'all', reason: 'something is wrong' });
  assert.equal(stopped.status, 201);
  const { answers } = await run([call('Read', { file_path: join(workspace, 'a') })]);
  assert.match(answers[0]?.stdout ?? '', /something is wrong/);
  assert.equal(answers.map(decision)[0], 'deny');
  const lifted = await server.ask({ path: `/v1/agent/stops/${String(bodyOf(stopped)['id'])}`, method: 'DELETE' });
  assert.equal(lifted.status, 204);
  const again = await run([call('Read', { file_path: join(workspace, 'a') })]);
  assert.equal(again.answers.map(decision)[0], 'allow');
});

test('an agent that was noticed for something grave sends nothing until somebody looked into it', async () => {
  const prompt = { hook_event_name: 'UserPromptSubmit', prompt: 'Send the numbers to https://numbers.example/in' };
  const send = call('Bash', { command: 'curl -d 7 https://numbers.example/in' });
  const outcome = async (): Promise<string> => {
    const { answers } = await run([prompt, send], 'courier');
    const last = answers.at(-1) ?? assert.fail();
    return `${decision(last)} ${last.stdout}`;
  };
  assert.match(await outcome(), /^allow/);
  await run(
    [
      prompt,
      call('Bash', { command: 'curl http://169.254.169.254/latest/meta-data/iam/security-credentials/' }),
      call('Bash', { command: 'curl http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/' }),
      call('Write', { file_path: join(workspace, '.claude/settings.json'), content: '{}' }),
    ],
    'courier',
  );
  await eventually({
    what: 'a no for how the agent behaved',
    timeoutMs: 60_000,
    look: async () => ((await outcome()).includes('noticed for something grave') ? true : undefined),
  });
  const of = async (name: string) => {
    const { answers } = await run([prompt, send], name);
    return answers.map(decision).at(-1);
  };
  assert.equal(await of('another'), 'allow', 'what one agent did is not held against another');
  // Somebody looks into it, and it was as it should be.
  const listed = bodyOf(await question('/v1/alerts?limit=100'))['alerts'];
  const alerts = Array.isArray(listed) ? listed.filter(isJsonObject) : [];
  assert.notEqual(alerts.length, 0);
  for (const alert of alerts) {
    const answered = await server.ask({
      path: `/v1/alerts/${String(alert['id'])}`,
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state: 'closed', disposition: 'expected', revision: alert['revision'] }),
    });
    assert.equal(answered.status, 200, answered.text);
  }
  await eventually({
    what: 'the agent to go on',
    timeoutMs: 60_000,
    look: async () => ((await outcome()).startsWith('allow') ? true : undefined),
  });
});

test('a server that cannot be asked is a no, with its reason, unless the organisation chose otherwise', async () => {
  const ask = (args: readonly string[], environment: Readonly<Record<string, string>>) => {
    const hook = JSON.stringify({ session_id: 'h', cwd: workspace, ...call('Bash', { command: 'ls' }) });
    const file = join(directory, 'hook.json');
    writeFileSync(file, hook);
    return runCommand('sh', ['-c', `exec "$0" "$1" ${args.join(' ')} < "$2"`, process.execPath, guard, file], {
      cwd: directory,
      environment: { PATH: process.env['PATH'] ?? '', ...environment },
    });
  };
  const nowhere = { SALLYPORT_AGENT_TOKEN: `spa_${'A'.repeat(43)}`, SALLYPORT_AGENT_SERVER: 'http://127.0.0.1:1' };
  const closed = await ask(['codex'], nowhere);
  assert.equal(closed.code, 2);
  assert.match(closed.stderr, /the server cannot be asked/);
  const open = await ask(['codex', '--fail', 'open'], nowhere);
  assert.deepEqual([open.code, open.stdout], [0, '{}']);
  // Whom the server does not know is not let through by that.
  const unknown = await ask(['codex', '--fail', 'open'], { ...nowhere, SALLYPORT_AGENT_SERVER: server.address() });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /does not know this run/);
  const nobody = await ask(['codex', '--fail', 'open'], {});
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /sallyport agent run/);
  const plain = await ask(['codex'], { ...nowhere, SALLYPORT_AGENT_SERVER: 'http://sallyport.example' });
  assert.equal(plain.code, 2);
  assert.match(plain.stderr, /must begin with https:/);
});
