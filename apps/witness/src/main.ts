#!/usr/bin/env node
// Entry of the witness: hands the real clock, random source, disk and signals to the program.
import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { randomBytes } from 'node:crypto';
import { runCommandLine } from './command.ts';
import { stateFiles } from './state/state-directory.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(signal));

// Whoever read our output has closed it, as `| head` does.
process.stdout.on('error', () => process.exit(141));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  clock: systemClock,
  log: createLog({
    clock: systemClock,
    write: (line) => void process.stderr.write(line),
    pretty: process.stderr.isTTY,
  }),
  files: stateFiles,
  random: randomBytes,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stop: stop.signal,
  onReload: (reload) => void process.on('SIGHUP', reload),
});
