// A thousand networks guess one person's password at once, against the whole server: they, and others, still come in. In a network of
// its own, where every address is this machine's: 127.0.0.0/8 would be somebody who sits at it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { test } from 'node:test';
import { password, startAccess, textIn, type Access } from './access.fixture.ts';

const inside = 'SALLYPORT_TEST_NETWORK';
const setUp = 'ip link set lo up && ip route add local 100.64.0.0/10 dev lo && exec "$@"';
const unshare = ['--user', '--map-root-user', '--net', 'sh', '-c'];

if (process.env[inside] === undefined) {
  const probe = spawnSync('unshare', [...unshare, setUp, 'sh', 'true'], { timeout: 20_000 });
  const skip = probe.status === 0 ? false : 'this machine gives no network namespaces, or has no iproute2';
  test('nobody is kept out by a thousand networks that guess in their name', { skip }, () => {
    const { NODE_TEST_CONTEXT: _ours, ...environment } = process.env;
    const ran = spawnSync('unshare', [...unshare, setUp, 'sh', process.execPath, import.meta.filename], {
      env: { ...environment, [inside]: '1' },
      encoding: 'utf8',
      timeout: 240_000,
    });
    assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  });
} else
  test('a thousand networks, one name', async () => {
    const access = await startAccess();
    try {
      await flood(access);
    } finally {
      await access.stop();
    }
  });

type Answered = { readonly status: number; readonly code: string; readonly body: Readonly<Record<string, unknown>> };

/** A connection of its own, from this address. */
function askFrom(access: Access, localAddress: string, path: string, body: object): Promise<Answered> {
  const { hostname, port, origin } = new URL(access.server.address);
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = {
      origin,
      'x-sallyport': '1',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    const asked = request(
      { host: hostname, port, path, method: 'POST', localAddress, agent: false, headers },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const read: Readonly<Record<string, unknown>> = JSON.parse(Buffer.concat(parts).toString() || '{}');
          resolve({ status: response.statusCode ?? 0, code: textIn(read, 'code'), body: read });
        });
        response.on('error', reject);
      },
    );
    asked.on('error', reject).end(text);
  });
}

async function flood(access: Access): Promise<void> {
  const attempt = (from: string, name: string, typed = password): Promise<Answered> =>
    askFrom(access, from, '/v1/session', { name, password: typed });
  const codes = new Map<string, string[]>();
  const comeIn = async (name: string, from: string): Promise<void> => {
    const step = await attempt(from, name);
    assert.deepEqual([step.status, step.body['step']], [200, 'second-factor'], `${name}: ${JSON.stringify(step.body)}`);
    const shown = { ticket: step.body['ticket'], code: codes.get(name)?.shift() };
    const entered = await askFrom(access, from, '/v1/session/recovery', shown);
    assert.equal(entered.status, 200, `${name}: ${JSON.stringify(entered.body)}`);
  };
  const ada = await access.moveIn('Ada', 'admin');
  const homes = { Vera: '100.127.0.9', Ben: '100.127.1.9' };
  for (const name of [...Object.keys(homes), 'Nina'])
    codes.set(name, [...(await access.moveIn(name, 'viewer', ada)).recoveryCodes]);
  for (const [name, home] of Object.entries(homes)) await comeIn(name, home);

  const networks = Array.from({ length: 1000 }, (_none, at) => `100.${64 + (at >> 8)}.${at & 255}.7`);
  const counts = new Map<string, number>();
  let isOver = false;
  let next = 0;
  const everybody = Promise.withResolvers<void>();
  const guess = async (): Promise<void> => {
    while (!isOver && next < 8000) {
      const from = networks[next % networks.length] ?? '';
      next += 1;
      if (next === networks.length) everybody.resolve();
      const { status, code } = await attempt(from, 'Vera', `guess ${next}`);
      counts.set(`${status} ${code}`, (counts.get(`${status} ${code}`) ?? 0) + 1);
    }
  };
  const guessing = Array.from({ length: 250 }, guess);
  // Not looked at again and again: the server they guess at is this process.
  await everybody.promise;

  // In the middle of it, at the first try: the one whose name it is, and others who were here before; at this machine, too.
  for (const [name, home] of Object.entries(homes)) await comeIn(name, home);
  assert.equal((await attempt('127.0.0.1', 'Ada')).status, 200);
  assert.ok(next < 8000, 'the flood goes on');
  isOver = true;
  await Promise.all(guessing);
  assert.ok((counts.get('401 credentials_wrong') ?? 0) > 0, JSON.stringify([...counts]));
  assert.ok((counts.get('503 passwords_busy') ?? 0) > 0, JSON.stringify([...counts]));

  // Whoever was never here before comes in when it is over, and nothing that was guessed in their name counts against anybody.
  for (const name of ['Vera', 'Nina']) {
    const step = await attempt('100.126.0.1', name);
    assert.deepEqual([step.status, step.body['step']], [200, 'second-factor'], `${name}: ${JSON.stringify(step.body)}`);
  }
  // Where the guesses came from is slowed down by itself.
  const [one = ''] = networks;
  const slowed = [];
  for (let again = 0; again < 12; again += 1) slowed.push((await attempt(one, 'Vera', `more ${again}`)).code);
  assert.ok(slowed.includes('sign_in_throttled'), slowed.join(' '));
  assert.equal((await attempt(homes.Vera, 'Vera')).status, 200);
}
