import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSensor } from '../build.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor command-'));
after(() => rmSync(directory, { recursive: true }));
const bundle = await buildSensor(join(directory, 'dist'));
const environment = { PATH: process.env['PATH'], HOME: directory };

function sensor(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [bundle, ...args], { encoding: 'utf8', cwd: directory, env: environment });
}

test('the bundle runs alone: help, version, and what is wrong with a hint', () => {
  assert.match(sensor('--help').stdout, /sensor run --server/);
  assert.match(sensor('--version').stdout, /^\d+\.\d+/);
  const cases: readonly [string[], number, RegExp][] = [
    [['run', '--state', join(directory, 's0')], 2, /without a server and a key[^]*hint:/],
    [['fly'], 2, /must be run, once or status/],
    [['run', '--nonsense'], 2, /nonsense/],
    [['status', '--state', join(directory, 'none')], 1, /^$/],
    [['run', '--server', 'http://192.0.2.1', '--key-file', 'x', '--state', join(directory, 's1')], 2, /must be https/],
    [['once', '--spool-mb', '0'], 78, /must be 1 to 65536/],
  ];
  for (const [args, status, message] of cases) {
    const ran = sensor(...args);
    assert.equal(ran.status, status, `${args.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, message);
  }
});

test('once prints what there is to tell, and leaves no state behind', () => {
  const ran = sensor(
    'once',
    '--only-paths',
    '--paths',
    join(directory, 'nothing'),
    '--state',
    join(directory, 'untouched'),
  );
  assert.equal(ran.status, 0, ran.stderr);
  const lines = ran.stdout.trim().split('\n');
  const events = new Set(lines.map((line) => JSON.parse(line).event));
  assert.ok(events.has('sensor.coverage') && events.has('clock_state'));
  assert.ok(!existsSync(join(directory, 'untouched')));
});

test(
  'it starts without a server, keeps a second one off its state, says how it is, and stops when told',
  { timeout: 240_000 },
  async () => {
    const state = join(directory, 'state');
    const keyFile = join(directory, 'key');
    writeFileSync(keyFile, 'sp_x\n', { mode: 0o600 });
    const config = join(directory, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({ server: 'http://127.0.0.1:1', keyFile, stateDirectory: state, paths: [], onlyPaths: true }),
    );
    const child = spawn(process.execPath, [bundle, 'run', '--config', config], { env: environment, stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      for (let round = 0; round < 2400 && !existsSync(join(state, 'status.json')); round += 1) await delay(50);
      const status = sensor('status', '--config', config);
      assert.equal(status.status, 0, status.stdout + status.stderr);
      assert.match(status.stdout, /^runs: /);
      assert.match(status.stdout, /see more: apt install/);
      const second = sensor('run', '--config', config);
      assert.equal(second.status, 78);
      assert.match(second.stderr, /the sensor with process id/);
      assert.ok(!readFileSync(join(state, 'status.json'), 'utf8').includes('sp_x'));
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [0, null]);
  },
);
