import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const skip = process.platform === 'linux' ? false : 'the sensor is for Linux';
const server = createServerUnderTest({ environment: { SALLYPORT_SENSOR: 'on' } });
after(() => server.end());

async function listed(path: string, name: string): Promise<JsonObject[]> {
  const answer = await server.ask({ path });
  assert.equal(answer.status, 200, answer.text);
  const page = parseJson(answer.text);
  const found: readonly unknown[] = isJsonObject(page) && Array.isArray(page[name]) ? page[name] : [];
  return found.filter((one) => isJsonObject(one));
}

async function sensorThat(what: string, fits: (sensor: JsonObject) => boolean): Promise<JsonObject> {
  return eventually({
    what,
    timeoutMs: 120_000,
    everyMs: 250,
    look: async () => (await listed('/v1/sensors', 'sensors')).find(fits),
    describe: () => server.output().slice(-3000),
  });
}

/** Found by its parameters: it is in a process group of its own. */
function sensorPid(): number | undefined {
  const wanted = join(server.dataDirectory, 'sensor');
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      if (words.includes('--secrets-on-input') && words.includes(wanted)) return Number(name);
    } catch {
      // Ended meanwhile.
    }
  }
  return undefined;
}

const pidAfter = (before: number | undefined): Promise<number> =>
  eventually({
    what: 'a sensor runs',
    timeoutMs: 60_000,
    look: () => {
      const pid = sensorPid();
      return pid === before ? undefined : pid;
    },
    describe: () => server.output().slice(-3000),
  });

test(
  'npm start watches its own host: the sensor comes back when killed, its silence is an alert within a minute, and it stops with the server without one',
  { skip, timeout: 400_000 },
  async () => {
    await server.start();
    const first = await sensorThat('the sensor of this host is known', ({ last_beat_ms: beat }) => beat !== undefined);
    assert.ok(first['state'] === 'alive' || first['state'] === 'degraded', JSON.stringify(first['problems']));
    await eventually({
      what: 'a line says what it sees',
      timeoutMs: 60_000,
      look: () => (/Sensor on .*: .*(sees|cannot see|partly) /.test(server.output()) ? true : undefined),
    });
    const keys = (await listed('/v1/keys', 'keys')).filter(({ name }) => name === 'sensor of this host');
    assert.deepEqual(
      keys.map(({ id, scopes }) => [id, scopes]),
      [[first['key_id'], ['events:write']]],
    );

    const killed = await pidAfter(undefined);
    process.kill(killed, 'SIGKILL');
    const running = await pidAfter(killed);
    await sensorThat('it was started anew, which is told', ({ problems }) =>
      JSON.stringify(problems).includes('restarted'),
    );

    process.kill(running, 'SIGSTOP');
    try {
      await sensorThat('its silence is seen', ({ state }) => state === 'silent');
      await eventually({
        what: 'an alert names it',
        timeoutMs: 60_000,
        everyMs: 250,
        look: async () =>
          (await listed('/v1/alerts', 'alerts')).find(
            ({ title, host }) => title === 'Sensor Fell Silent' && host === first['host'],
          ),
      });
    } finally {
      process.kill(running, 'SIGCONT');
    }
    await sensorThat('it is heard again', ({ state }) => state === 'alive' || state === 'degraded');

    assert.equal(await server.stop(), 0);
    assert.equal(sensorPid(), undefined);
    // What lets it in, and what opens its state, lie on no disk in clear.
    for (const name of readdirSync(join(server.dataDirectory, 'sensor'), { recursive: true, encoding: 'utf8' })) {
      const file = join(server.dataDirectory, 'sensor', name);
      if (statSync(file).isFile())
        assert.ok(!/sp_[A-Za-z0-9_-]{20}|PRIVATE KEY/.test(readFileSync(file, 'latin1')), name);
      assert.ok(!['spool.key', 'identity.pem'].includes(name), name);
    }
    await server.start();
    await pidAfter(undefined);
    await sensorThat(
      'the same sensor goes on',
      ({ id, state }) => id === first['id'] && (state === 'alive' || state === 'degraded'),
    );
    await server.caughtUp();
    const titles = new Set((await listed('/v1/alerts', 'alerts')).map(({ title }) => title));
    for (const unwanted of ['Sensor Was Stopped', 'Sensor Was Tampered With'])
      assert.ok(!titles.has(unwanted), unwanted);
  },
);

test('with --no-sensor nothing watches, and the start says so', { skip }, async () => {
  await server.stop();
  await server.start('--no-sensor');
  assert.match(server.output().slice(server.output().lastIndexOf('--- start ---')), /sensor {2}off/);
  assert.equal(sensorPid(), undefined);
  assert.equal((await listed('/v1/sensors', 'sensors')).length, 1);
});
