import { execFile } from 'node:child_process';
import type { RunCommand } from './read-time-state.ts';

const timeoutMs = 5000;
const maxBytes = 64 * 1024;

/** Programs of the system alone, in English, bounded in time and bytes. */
export const runTimeCommand: RunCommand = (command, args) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  execFile(command, [...args], { timeout: timeoutMs, maxBuffer: maxBytes, env }, (error, stdout) =>
    resolve(error === null ? stdout : undefined),
  );
  return promise;
};
