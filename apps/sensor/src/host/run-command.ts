import { execFile } from 'node:child_process';

/** What a command printed, or undefined when it is not there, failed or took too long. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<string | undefined>;

const timeoutMs = 5000;
const maxBytes = 64 * 1024;

export const runCommand: RunCommand = (command, args) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  execFile(command, [...args], { timeout: timeoutMs, maxBuffer: maxBytes, env }, (error, stdout) =>
    resolve(error === null ? stdout : undefined),
  );
  return promise;
};
