import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createSecret } from '@sallyport/platform/secret';
import { createHostSensor } from './host-sensor.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-host-sensor-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const program = join(directory, 'sensor.mjs');
// Says how it was called, in one piece, and ends when its input does, as the sensor.
writeFileSync(
  program,
  `import { renameSync, writeFileSync } from 'node:fs';
  const told = process.argv[process.argv.indexOf('--state') + 1] + '/told';
  writeFileSync(told + '.new', JSON.stringify({ arguments: process.argv.slice(2), environment: Object.keys(process.env) }));
  renameSync(told + '.new', told);
  process.stdin.resume().on('end', () => process.exit());`,
);

async function calledWith(stateDirectory: string): Promise<{ arguments: string[]; environment: string[] }> {
  const clock = createManualClock(0);
  const sensor = createHostSensor({
    isWanted: true,
    platform: 'linux',
    program,
    stateDirectory,
    authorityFile: undefined,
    key: {
      secrets: () => Promise.resolve({ keyId: 'k', token: createSecret('sp_secret'), spoolKey: new Uint8Array(32) }),
      isOwn: () => false,
    },
    log: createLog({ clock, write: () => undefined }),
    delay: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    nowMs: clock.nowMs,
  });
  sensor.start('http://127.0.0.1:1');
  const told = join(stateDirectory, 'told');
  for (let round = 0; round < 2400 && !existsSync(told); round += 1) await delay(50);
  await sensor.stop();
  return JSON.parse(readFileSync(told, 'utf8'));
}

test('the sensor beside the server is told where to send and by nothing what its key is', async () => {
  const state = mkdtempSync(join(directory, 'plain-'));
  const called = await calledWith(state);
  assert.deepEqual(called.arguments, ['run', '--server', 'http://127.0.0.1:1', '--state', state, '--secrets-on-input']);
  assert.doesNotMatch(JSON.stringify(called), /sp_secret/);
  assert.deepEqual(called.environment.toSorted(), ['LANG', 'PATH']);
});

test('what its owner adds is read, and where to send stays what the server says', async () => {
  const state = mkdtempSync(join(directory, 'added-'));
  writeFileSync(join(state, 'config.json'), '{ "hashLists": ["/lists"], "server": "http://elsewhere.example" }');
  const called = await calledWith(state);
  assert.equal(called.arguments[called.arguments.indexOf('--config') + 1], join(state, 'config.json'));
  assert.equal(called.arguments[called.arguments.indexOf('--server') + 1], 'http://127.0.0.1:1');
});
