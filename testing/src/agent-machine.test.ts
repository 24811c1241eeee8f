import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { isJsonObject, itemsOf, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { runSallyport } from './command-line.ts';
import { createServerUnderTest, repositoryRoot } from './server-under-test.ts';
import { eventually } from './waiting.ts';

// The machine of a run, from the real sensor on it to what a call may do. Its disks are encrypted as its files say: they are ours.
const server = createServerUnderTest();
const directory = mkdtempSync(join(tmpdir(), 'sallyport-machine-'));
const socketPath = join(directory, 'vouch.sock');
const machineFiles: Readonly<Record<string, string>> = {
  'proc/self/mountinfo': '30 1 254:1 / / rw shared:1 - ext4 /dev/mapper/root rw\n',
  'sys/dev/block/254:1/size': '1000\n',
  'sys/dev/block/254:1/dm/uuid': 'CRYPT-LUKS2-0123-root\n',
  'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
};
let sensor: ReturnType<typeof spawn> | undefined;

before(async () => {
  for (const [path, text] of Object.entries(machineFiles)) {
    mkdirSync(dirname(join(directory, 'root', path)), { recursive: true });
    writeFileSync(join(directory, 'root', path), text);
  }
  await server.start();
  writeFileSync(join(directory, 'key'), `${server.keys().operator}\n`, { mode: 0o600 });
  sensor = spawn(
    process.execPath,
    [
      join(repositoryRoot, 'apps/sensor/src/main.ts'),
      'run',
      `--server=${server.address()}`,
      `--key-file=${join(directory, 'key')}`,
      `--state=${join(directory, 'state')}`,
      `--root=${join(directory, 'root')}`,
      `--vouch-socket=${socketPath}`,
      '--host=laptop-7',
      '--only-paths',
      '--without=sockets,inventory,processes,files,audit,journal,auth-log,wtmp,btmp,matches,clock',
    ],
    { stdio: 'ignore' },
  );
  await until('the sensor is heard of, and can be asked', async () => {
    const { sensors } = await get('/v1/sensors');
    return existsSync(socketPath) && itemsOf(sensors).some((one) => isJsonObject(one) && one['state'] === 'alive');
  });
});
after(async () => {
  sensor?.kill('SIGKILL');
  await server.end();
  rmSync(directory, { recursive: true, force: true });
});

const question = (path: string, body?: JsonObject) =>
  server.ask({
    path,
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

function objectIn(text: string): JsonObject {
  const body = parseJson(text);
  assert.ok(isJsonObject(body), text);
  return body;
}

async function get(path: string): Promise<JsonObject> {
  return objectIn((await question(path)).text);
}

function objectAt(of: JsonObject, name: string): JsonObject {
  const found = of[name];
  assert.ok(isJsonObject(found), name);
  return found;
}

const until = (what: string, look: () => Promise<boolean>): Promise<true> =>
  eventually({ what, timeoutMs: 60_000, look: async () => ((await look()) ? true : undefined) });

/** A run of an agent that is to be judged by the pack for machines. */
async function begin(more: JsonObject): Promise<{ id: string; token: string; machine: JsonObject }> {
  const { status, text } = await question('/v1/agent/sessions', {
    agent: 'nightly',
    harness: 'claude-code',
    workspace: '/w',
    ...more,
  });
  assert.equal(status, 201, text);
  const begun = objectIn(text);
  const session = objectAt(begun, 'session');
  return { id: textOf(session['id']), token: textOf(begun['token']), machine: objectAt(session, 'machine') };
}

async function machineOf(id: string): Promise<JsonObject> {
  const { sessions } = await get('/v1/agent/sessions?limit=500');
  const found = itemsOf(sessions).find((one) => isJsonObject(one) && one['id'] === id);
  assert.ok(isJsonObject(found), id);
  return objectAt(found, 'machine');
}

/** What the sensor says to a nonce. */
async function vouched(nonce: string, name = new URL(server.address()).host): Promise<JsonObject> {
  const socket = connect(socketPath);
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  socket.write(`${JSON.stringify({ nonce, server: name })}\n`);
  await once(socket, 'close');
  return objectIn(text);
}

async function nonce(): Promise<string> {
  return textOf(objectIn((await question('/v1/agent/machine-nonces', {})).text)['nonce']);
}

test('a run is on the machine whose sensor signs its nonce, and on no other by saying so', async () => {
  const named = await begin({ host: 'laptop-7', machine: { disk_encrypted: 'yes' } });
  assert.deepEqual(
    [named.machine['posture'], named.machine['sensor']],
    ['claimed', undefined],
    'a name is a claim, whoever has a sensor of that name',
  );
  const statement = await vouched(await nonce());
  const { id, machine } = await begin({ machine_proof: statement });
  assert.equal(objectAt(machine, 'sensor')['host'], 'laptop-7');
  // Its sensor came with a key of the operator, which may send as any: until somebody says that it is this host's it claims as well.
  await until('its sensor told how it is kept', async () => (await machineOf(id))['posture'] === 'claimed');
  const [one] = itemsOf((await get('/v1/sensors'))['sensors']);
  assert.ok(isJsonObject(one));
  const accepted = await question(`/v1/sensors/${textOf(one['id'])}/key`, { key_id: textOf(one['signing_key_id']) });
  assert.equal(accepted.status, 200, accepted.text);
  await until('what its sensor says of it is known', async () => (await machineOf(id))['posture'] === 'good');
  const { sensor: said } = await machineOf(id);
  assert.ok(isJsonObject(said));
  assert.deepEqual([said['disk_encrypted'], said['heard']], ['yes', true]);

  const again = await begin({ machine_proof: statement, machine: { disk_encrypted: 'yes' } });
  assert.deepEqual([again.machine['posture'], again.machine['proof_refused']], ['claimed', true]);
  const other = await begin({ machine_proof: { ...(await vouched(await nonce())), host: 'laptop-8' } });
  assert.deepEqual([other.machine['posture'], other.machine['proof_refused']], ['unknown', true]);
  const elsewhere = await begin({ machine_proof: await vouched(await nonce(), 'evil.example') });
  assert.deepEqual(
    [elsewhere.machine['posture'], elsewhere.machine['proof_refused']],
    ['unknown', true],
    'signed for another server',
  );
  const ofNobody = await begin({ machine_proof: await vouched('n'.repeat(43)) });
  assert.equal(ofNobody.machine['proof_refused'], true);
});

test('the command line has its machine vouched for, and says of it what it sees', async () => {
  const { code, stderr } = await runSallyport(
    ['agent', 'run', '--name', 'seen', '--harness', 'codex', '--', process.execPath, '-e', ''],
    {
      ...server.environment,
      SALLYPORT_SERVER: server.address(),
      SALLYPORT_KEY: server.keys().operator,
      SALLYPORT_VOUCH_SOCKET: socketPath,
    },
  );
  assert.equal(code, 0, stderr);
  const id = /session (\w+)/.exec(stderr)?.[1] ?? '';
  const machine = await machineOf(id);
  assert.equal(objectAt(machine, 'sensor')['host'], 'laptop-7');
  const said = objectAt(machine, 'said');
  assert.equal(typeof said['system'], 'string');
  assert.equal(said['root'], process.getuid?.() === 0);
});

test('when the sensor stops in the middle of a run, what the run may do is less from its next call on', async () => {
  const { id, token } = await begin({ machine_proof: await vouched(await nonce()) });
  const agents = itemsOf((await get('/v1/agents'))['agents']);
  const agent = agents.find((one) => isJsonObject(one) && one['name'] === 'nightly');
  assert.ok(isJsonObject(agent));
  const changed = await server.ask({
    path: `/v1/agents/${textOf(agent['id'])}`,
    method: 'PATCH',
    body: JSON.stringify({ pack: 'unattended' }),
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(changed.status, 200, changed.text);
  let calls = 0;
  const write = async (): Promise<JsonObject> => {
    const { text } = await server.ask({
      path: '/v1/agent/hooks/claude-code',
      method: 'POST',
      key: token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        hook_event_name: 'PreToolUse',
        session_id: 'h',
        cwd: '/w',
        tool_name: 'Write',
        tool_input: { file_path: '/w/notes.txt', content: 'x' },
        tool_use_id: `t-${(calls += 1)}`,
      }),
    });
    return objectAt(objectIn(text), 'hookSpecificOutput');
  };
  await until('it is good', async () => (await machineOf(id))['posture'] === 'good');
  assert.equal((await write())['permissionDecision'], 'allow');
  sensor?.kill('SIGTERM');
  await until('it is told that the sensor stopped', async () => {
    const { weaknesses } = await machineOf(id);
    return itemsOf(weaknesses).includes('sensor-silent');
  });
  const refused = await write();
  assert.equal(refused['permissionDecision'], 'deny');
  assert.match(textOf(refused['permissionDecisionReason']), /vouched for the run, and is silent now/);
});
