import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@sallyport/contracts';
import { repositoryRoot } from './repository.ts';
import { rounded, summarise } from './statistics.ts';

/** What the figures depend on, and what disturbed them. */
export function machineFacts(): JsonObject {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    architecture: arch(),
    memory_gib: rounded(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: commit(),
  };
}

/** Runnable processes, averaged over one minute: above `cores` before the start, others were working too. */
export function loadAverage(): number {
  return rounded(loadavg()[0] ?? 0);
}

/** Milliseconds a 64 KiB append with fdatasync takes here: what every acknowledgement waits for at least once. */
export function measureSync(directory: string): JsonObject {
  const file = join(directory, 'sync-probe');
  const descriptor = openSync(file, 'wx');
  const bytes = Buffer.alloc(65_536, 1);
  try {
    const times = Array.from({ length: 30 }, () => {
      const start = performance.now();
      writeSync(descriptor, bytes);
      fdatasyncSync(descriptor);
      return performance.now() - start;
    });
    const { median, min, max } = summarise(times);
    return { median_ms: rounded(median), min_ms: rounded(min), max_ms: rounded(max) };
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}

/** CPU seconds (user and system) a process with all its threads has used, or undefined when it is gone. */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The command name, in brackets, may hold spaces; the fields after it are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process in MiB, or undefined when it is gone. */
export function residentMebibytesOf(pid: number): number | undefined {
  const line = readProc(pid, 'status')?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return line === undefined ? undefined : rounded(Number(line) / 1024);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: repositoryRoot, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
