import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { killNow } from '../process-group.ts';
import { eventually } from '../waiting.ts';

export type SenderProcess = {
  /** Everything it printed, both streams. */
  output(): string;
  isRunning(): boolean;
  /** SIGTERM, and waits for its end; then SIGKILL. */
  stop(): Promise<void>;
};

/** A daemon in the foreground, ended with the test at the latest. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly uid?: number;
    readonly gid?: number;
  } = {},
): SenderProcess {
  const { environment, ...as } = options;
  const child: ChildProcess = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...as,
  });
  let output = '';
  const take = (text: string): void => {
    output += text;
  };
  child.stdout?.setEncoding('utf8').on('data', take);
  child.stderr?.setEncoding('utf8').on('data', take);
  child.once('error', (error) => take(`\n${error.message}\n`));
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killNow(child.pid);
  };
  process.on('exit', kill);
  const isRunning = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    output: () => output,
    isRunning,
    async stop() {
      child.kill('SIGTERM');
      await eventually({
        what: `${command} ends`,
        timeoutMs: 20_000,
        everyMs: 20,
        look: () => (isRunning() ? undefined : true),
        describe: () => output.slice(-4000),
      }).catch(kill);
      process.off('exit', kill);
    },
  };
}
