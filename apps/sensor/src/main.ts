#!/usr/bin/env node
// Entry of the sensor: hands the real clock, random source and signals to the program.
import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommandLine } from './command.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  clock: systemClock,
  log: (settings) =>
    createLog({ clock: systemClock, write: (line) => void process.stderr.write(line), pretty: settings.pretty }),
  random: randomBytes,
  wait: (timeoutMs, signal) => delay(timeoutMs, undefined, { signal }),
  usedProcessorMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  memoryBytes: () => process.memoryUsage.rss(),
  program: process.argv[1] ?? '',
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stop: stop.signal,
  inputEnded() {
    const ended = new AbortController();
    process.stdin.once('close', () => ended.abort('its starter stops')).resume();
    return ended.signal;
  },
});
