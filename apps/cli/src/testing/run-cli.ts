import { createManualClock } from '@sallyport/platform/clock';
import { Worker } from 'node:worker_threads';
import { readConfiguration } from '../config.ts';
import { runCli } from '../program.ts';
import type { TextOutput } from '../terminal.ts';

export type CliRun = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly waitedMs: readonly number[];
};

export type RunOptions = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Told everything written to stdout so far, after each write. */
  readonly onOutput?: (stdout: string) => void;
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly input?: string;
};

export const startMs = Date.parse('2026-03-01T12:00:00Z');

/** Runs a command line in this process, with captured output and a clock that never has to be waited for. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<CliRun> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): TextOutput => ({
    write(text) {
      written[name] += text;
      if (name === 'stdout') options.onOutput?.(written.stdout);
    },
    drained: () => Promise.resolve(),
    isTerminal: options.terminal === true,
    columns: options.columns ?? 80,
    color: options.terminal === true && options.environment?.['NO_COLOR'] === undefined,
  });
  const waitedMs: number[] = [];
  const clock = createManualClock(startMs);
  const exitCode = await runCli(args, {
    configuration: readConfiguration({ HOME: '/nonexistent', ...options.environment }),
    stdout: output('stdout'),
    stderr: output('stderr'),
    standardInput: async () => Buffer.from(options.input ?? ''),
    standardInputChunks: async function* standardInputChunks() {
      yield Buffer.from(options.input ?? '');
    },
    clock,
    signal: options.signal ?? new AbortController().signal,
    random: () => 0.5,
    startVerifyWorker: () => new Worker(new URL('../main.ts', import.meta.url), { workerData: 'sallyport-verify-log' }),
    async wait(timeoutMs, signal) {
      signal.throwIfAborted();
      waitedMs.push(timeoutMs);
      clock.advance(timeoutMs);
    },
  });
  return { exitCode, ...written, waitedMs };
}
