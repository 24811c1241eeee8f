#!/usr/bin/env node
// Entry of the command line: hands the real terminal, clock and signals to the program.
import { codeOf } from '@sallyport/platform/errors';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { processConfiguration } from './config.ts';
import { exitCode } from './exit-codes.ts';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { runCli } from './program.ts';
import { systemClock } from '@sallyport/platform/clock';
import type { TextOutput } from './terminal.ts';

const configuration = processConfiguration();
const interruption = new AbortController();

process.on('SIGINT', () => stop());
process.on('SIGTERM', () => stop());

/** The first signal lets the command save where it is; a second ends at once. */
function stop(): void {
  if (interruption.signal.aborted) process.exit(exitCode.interrupted);
  interruption.abort();
}

function output(stream: NodeJS.WriteStream): TextOutput {
  stream.on('error', (error) => process.exit(codeOf(error) === 'EPIPE' ? exitCode.outputClosed : exitCode.failed));
  return {
    write: (text) => void stream.write(text),
    drained: async () => {
      if (stream.writableNeedDrain) await once(stream, 'drain');
    },
    isTerminal: stream.isTTY,
    columns: stream.columns ?? 80,
    color: stream.isTTY && configuration.color,
  };
}

async function standardInput(maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const input: AsyncIterable<Buffer> = process.stdin;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RangeError(`size is over ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What this file is told when it is started as a thread of itself: bundled, there is no other file. */
const verifyThread = 'sallyport-verify-log';

async function runProgram(): Promise<void> {
  // Not process.exit(): what was written to a pipe must still get out.
  process.exitCode = await runCli(process.argv.slice(2), {
    configuration,
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    standardInput,
    standardInputChunks: () => process.stdin,
    clock: systemClock,
    signal: interruption.signal,
    random: Math.random,
    startVerifyWorker: () => new Worker(new URL(import.meta.url), { workerData: verifyThread }),
    wait: (timeoutMs, signal) => delay(timeoutMs, undefined, { signal }),
  });
}

if (parentPort !== null && workerData === verifyThread) {
  const { serveVerifyJobs } = await import('@sallyport/ledger/verify-log');
  serveVerifyJobs(parentPort);
} else await runProgram();
