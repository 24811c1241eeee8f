import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
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

/**
 * What the disk takes: a 64 KiB append with fdatasync, which every acknowledgement waits for at least once, and making a
 * small file, as a full tile needs. The second varies tenfold on a file system where many files were just deleted.
 */
export function measureDisk(directory: string): JsonObject {
  const bytes = Buffer.alloc(65_536, 1);
  const probe = join(directory, 'disk-probe');
  mkdirSync(probe);
  const descriptor = openSync(join(probe, 'appended'), 'wx');
  try {
    return {
      append_and_sync_ms: timed(30, () => {
        writeSync(descriptor, bytes);
        fdatasyncSync(descriptor);
      }),
      make_file_ms: timed(100, (time) => writeFileSync(join(probe, String(time)), bytes.subarray(0, 8192))),
    };
  } finally {
    closeSync(descriptor);
  }
}

function timed(times: number, act: (time: number) => void): JsonObject {
  const taken = Array.from({ length: times }, (_, time) => {
    const start = performance.now();
    act(time);
    return performance.now() - start;
  });
  const { median, min, max } = summarise(taken);
  return { median: rounded(median), min: rounded(min), max: rounded(max) };
}

/** CPU seconds (user and system) a process with all its threads has used, or undefined when it is gone. */
export function cpuSecondsOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The same of all programs this process started that have ended; 0 where the system does not tell. */
export function childrenCpuSeconds(): number {
  const fields = statOf(process.pid) ?? [];
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / 100;
}

/** The fields after the command name, which is in brackets and may hold spaces: counted from its end. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = readProc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
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
