import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, test } from 'node:test';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import { isSignedBy } from './liveness/identity.ts';
import { startSensor } from './testing/running-sensor.ts';
import type { RunningSensor } from './testing/running-sensor.ts';
import { mapLine, readSensorMapper } from './testing/sensor-mapper.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-e2e-'));
const server = createServerUnderTest();
let sensor: RunningSensor | undefined;
after(async () => {
  await sensor?.kill('SIGKILL');
  await server.end();
  rmSync(directory, { recursive: true });
});
const mapper = readSensorMapper();
const watched = join(directory, 'watched');
const authLog = join(directory, 'auth.log');
const state = join(directory, 'state');
const keyFile = join(directory, 'key');

const sensorArguments = (): string[] => [
  'run',
  `--server=${server.address()}`,
  `--key-file=${keyFile}`,
  `--state=${state}`,
  '--host=e2e-host',
  `--paths=${watched}`,
  `--auth-log=${authLog}`,
  '--only-paths',
  '--without=sockets,inventory',
];

/** Raw records of the sensor that fit the query. */
async function search(query: string): Promise<JsonObject[]> {
  const answer = await server.ask({ path: `/v1/events?limit=1000&q=${encodeURIComponent(query)}` });
  assert.equal(answer.status, 200, answer.text);
  const page = parseJson(answer.text);
  const events: readonly unknown[] = isJsonObject(page) && Array.isArray(page['events']) ? page['events'] : [];
  return events.flatMap((one) => {
    const event = isJsonObject(one) && isJsonObject(one['event']) ? one['event'] : {};
    const raw = textOf(event['raw_data']);
    const record = raw === '' ? null : parseJson(raw);
    return isJsonObject(record) ? [record] : [];
  });
}

async function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  const endMs = performance.now() + 120_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`Waited in vain: ${what}\n${sensor?.output() ?? ''}`);
    await delay(150);
  }
}

const classOf = (record: JsonObject): unknown => mapLine(mapper, JSON.stringify(record))?.['class_uid'];

test(
  'a changed file, a process and a failed sign-in on this host are found on the server; after kill -9 nothing is missing or doubled; goodbye is said',
  { timeout: 600_000 },
  async () => {
    await server.start();
    mkdirSync(watched);
    writeFileSync(join(watched, 'settings'), 'one');
    writeFileSync(authLog, 'Nov 22 01:00:00 h sshd[1]: Server listening on :: port 22.\n');
    writeFileSync(keyFile, `${server.keys().operator}\n`, { mode: 0o600 });

    sensor = startSensor(sensorArguments());
    await until('the sensor has learnt what is there', async () =>
      (await search('"baseline_made"')).length > 0 ? true : undefined,
    );
    const signInLine = (number: number): string =>
      `${new Date().toISOString()} h sshd[${number}]: Failed password for root from 192.0.2.7 port ${10_000 + number} ssh2\n`;
    writeFileSync(join(watched, 'settings'), 'two');
    const child = spawn('/bin/sleep', ['42.4242']);
    appendFileSync(authLog, signInLine(0));
    try {
      const [changed] = await until('the change of the file', async () => {
        const found = (await search('"file_modified"')).filter(
          ({ TargetFilename }) => TargetFilename === join(watched, 'settings'),
        );
        return found.length > 0 ? found : undefined;
      });
      assert.equal(changed === undefined ? 0 : classOf(changed), 1001);
      const [started] = await until('the process', async () => {
        const found = (await search('"process_started"')).filter(({ ProcessId }) => ProcessId === child.pid);
        return found.length > 0 ? found : undefined;
      });
      assert.equal(started?.['ParentProcessId'], process.pid);
      assert.equal(started === undefined ? 0 : classOf(started), 1007);
      const [failed] = await until('the failed sign-in', async () => {
        const found = await search('"ssh_failed"');
        return found.length > 0 ? found : undefined;
      });
      assert.equal(failed?.['SourceIp'], '192.0.2.7');
      assert.equal(failed === undefined ? 0 : classOf(failed), 3002);
    } finally {
      child.kill('SIGKILL');
    }

    // Killed again and again while it reads and sends.
    for (let round = 0; round < 4; round += 1) {
      appendFileSync(authLog, Array.from({ length: 100 }, (_, at) => signInLine(1 + round * 100 + at)).join(''));
      await delay(400 + round * 350);
      await sensor.kill('SIGKILL');
      sensor = startSensor(sensorArguments());
    }
    const ports = await until('all sign-ins', async () => {
      const found = (await search('"ssh_failed"')).map(({ SourcePort }) => Number(SourcePort));
      return found.length >= 401 ? found : undefined;
    });
    assert.deepEqual(
      ports.toSorted((left, right) => left - right),
      Array.from({ length: 401 }, (_, at) => 10_000 + at),
    );

    const beats = await search('"sensor.heartbeat"');
    // The words of a search may stand in other records, as in the arguments of a process.
    const signed = beats.filter(({ event }) => event === 'sensor.heartbeat');
    assert.ok(signed.length > 0);
    const birth = (await search('"sensor.started"')).find(({ event }) => event === 'sensor.started');
    for (const beat of signed) assert.ok(isSignedBy(textOf(birth?.['public_key']), beat), JSON.stringify(beat));
    assert.ok(
      (await search('"sensor.coverage"')).some(
        ({ covers, remedy }) => covers === 'audit' && textOf(remedy).includes('auditd'),
      ),
    );
    const last = sensor;
    await until('the last sensor sends', async () => (last.output().includes('sending works') ? true : undefined));
    await last.kill('SIGTERM');
    const [goodbye] = await until('the goodbye', async () => {
      const found = await search('"sensor.stopped"');
      return found.length > 0 ? found : undefined;
    });
    assert.equal(goodbye?.['reason'], 'SIGTERM');
    const all = new Set((await search('"e2e-host" -ssh_failed')).map(({ event }) => textOf(event)));
    assert.ok(all.has('sensor.receipts_match'), [...all].join(' '));
    for (const event of ['sensor.lost', 'sensor.receipt_mismatch', 'sensor.renumbered', 'baseline_lost'])
      assert.ok(!all.has(event), event);
    // What is on disk is sealed.
    assert.ok(readdirSync(join(state, 'spool')).length > 0);
  },
);
