import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { cpuSecondsOf } from './machine.ts';
import { readObject } from './read-json.ts';
import { repositoryRoot, withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import { rounded } from './statistics.ts';

const memoryBudgetMebibytes = 120;
const cpuBudgetPercent = 2;
const settleSeconds = 30;
/** As its systemd unit starts it. */
const flags = ['--max-semi-space-size=1', '--max-old-space-size=80'];
const startsPerSecond = 100;
const idleProcesses = 100;

export const sensorBudget: Bench = {
  name: 'sensor-budget',
  target: `The host sensor: at most ${memoryBudgetMebibytes} MiB and ${cpuBudgetPercent} % of a core on an idle host; limits itself when much happens`,
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const seconds = options.seconds ?? (options.tiny ? 3 : 60);
      const server = await startServer(directory);
      const state = join(directory, 'sensor');
      const rules = join(directory, 'rules');
      mkdirSync(rules);
      writeFileSync(join(rules, 'one.yar'), 'rule one { strings: $a = "made-up-marker-of-a-bench" condition: $a }');
      const key = join(directory, 'key');
      writeFileSync(key, server.ingestKey, { mode: 0o600 });
      const bundle = spawnSync(
        process.execPath,
        [join(repositoryRoot, 'apps/sensor/build.ts'), join(directory, 'bundle')],
        { encoding: 'utf8' },
      );
      if (bundle.status !== 0) throw new Error(`Cannot build the sensor: ${bundle.stderr}`);
      const sensor = startOnIdleHost([
        ...flags,
        bundle.stdout.trim(),
        'run',
        `--server=${server.address}`,
        `--key-file=${key}`,
        `--state=${state}`,
        `--yara=${rules}`,
      ]);
      const pid = await sensorIn(sensor.pid ?? 0);
      try {
        progress('it learns what is there');
        await settled(state, options.tiny ? 3 : settleSeconds);
        const learning = { peak_mebibytes: peakMebibytes(pid) };
        progress(`idle for ${seconds} s`);
        const idle = await watch(pid, seconds);
        const before = status(state);
        progress(`${startsPerSecond} processes a second for ${seconds} s`);
        const storm = startStorm(pid, seconds);
        const busy = await watch(pid, seconds);
        storm.kill('SIGKILL');
        // The last beat of the storm.
        await wait(options.tiny ? 1000 : 16_000);
        const after = status(state);
        return {
          processed: Number(after['sent'] ?? 0),
          inputs: { seconds, settle_seconds: settleSeconds, starts_per_second: startsPerSecond, yara_rules: 1 },
          figures: {
            learning,
            idle,
            storm: {
              ...busy,
              slow_factor: Number(after['slow_factor'] ?? 0),
              records: Number(after['collected'] ?? 0) - Number(before['collected'] ?? 0),
              records_lost: Object.keys(readObject(JSON.stringify(after['lost'] ?? {}))).length,
            },
          },
          ratios: {
            idle_memory_of_budget: rounded(idle.most_mebibytes / memoryBudgetMebibytes),
            idle_cpu_of_budget: rounded(idle.cpu_percent / cpuBudgetPercent),
            peak_memory_of_budget: rounded(busy.peak_mebibytes / memoryBudgetMebibytes),
          },
          notes: [
            'idle_* are of the process of the sensor from the end of its first look at everything on; peak_mebibytes is VmHWM since its start',
            'YARA rules run in a process of their own, for ten seconds after the last file: it is not in these figures',
            `it sees ${idleProcesses} processes that sleep, in a namespace of their own: what else runs on the machine is no start to tell of, but slows it`,
          ],
        };
      } finally {
        process.kill(pid, 'SIGTERM');
        await server.stop();
      }
    }),
};

/** Processes of its own, as on a host where nothing happens; the rest of the machine is the same. Takes root. */
function startOnIdleHost(args: readonly string[]): ChildProcess {
  const script = `for at in $(seq ${idleProcesses - 1}); do /bin/sleep 100000 & done; exec "$@"`;
  const namespace = ['--pid', '--fork', '--kill-child', '--mount-proc'];
  return spawn('unshare', [...namespace, 'bash', '-c', script, 'bash', process.execPath, ...args], { stdio: 'ignore' });
}

/** The one child, once it is what it will be. */
async function sensorIn(namespacePid: number): Promise<number> {
  for (let left = 100; left > 0; left -= 1) {
    const child = Number(readIfThere(`/proc/${namespacePid}/task/${namespacePid}/children`).trim());
    if (child > 0 && readIfThere(`/proc/${child}/cmdline`).includes('sallyport-sensor.mjs')) {
      if (readIfThere(`/proc/${child}/comm`).trim() !== 'bash') return child;
    }
    await wait(100);
  }
  throw new Error('The sensor did not start: a process namespace takes root');
}

/** Until the baseline of all files is made, and then some more. */
async function settled(state: string, seconds: number): Promise<void> {
  for (let left = 120; left > 0 && !readIfThere(join(state, 'status.json')).includes('files and folders'); left -= 1)
    await wait(500);
  await wait(seconds * 1000);
}

async function watch(pid: number, seconds: number) {
  const began = { cpu: cpuSecondsOf(pid) ?? 0, at: performance.now() };
  let most = 0;
  for (let second = 0; second < seconds; second += 1) {
    await wait(1000);
    most = Math.max(most, mebibytes(pid, 'VmRSS'));
  }
  const used = (cpuSecondsOf(pid) ?? 0) - began.cpu;
  return {
    cpu_percent: rounded((used * 100_000) / (performance.now() - began.at)),
    most_mebibytes: rounded(most),
    peak_mebibytes: peakMebibytes(pid),
  };
}

/** Processes that live for a second, so that a look twice a second sees them all. */
function startStorm(pid: number, seconds: number): ChildProcess {
  const script = `end=$((SECONDS + ${seconds})); while [ $SECONDS -lt $end ]; do for at in $(seq ${startsPerSecond / 10}); do /bin/sleep 1 & done; /bin/sleep 0.1; done; wait`;
  return spawn('nsenter', [`--target=${pid}`, '--pid', '--mount', 'bash', '-c', script], { stdio: 'ignore' });
}

function peakMebibytes(pid: number): number {
  return rounded(mebibytes(pid, 'VmHWM'));
}

function mebibytes(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const text = readIfThere(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
}

function status(state: string) {
  return readObject(readIfThere(join(state, 'status.json')) || '{}');
}

function readIfThere(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}
