import type { Worker } from 'node:worker_threads';
import type { Clock } from '@sallyport/platform/clock';
import type { Configuration } from './config.ts';
import type { TextOutput } from './terminal.ts';

/** The outside world of one run of the command line. */
export type CliNeeds = {
  readonly configuration: Configuration;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** All of standard input. Throws `RangeError` for more than `maxBytes`. */
  standardInput(maxBytes: number): Promise<Buffer>;
  /** Standard input as it comes. */
  standardInputChunks(): AsyncIterable<Buffer>;
  readonly clock: Clock;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Between 0 and 1; spreads retries. */
  random(): number;
  /** A thread that verifies parts of a log: this program, started as one. */
  startVerifyWorker(): Worker;
  /** Resolves after the time, or rejects with the signal's reason. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
};
