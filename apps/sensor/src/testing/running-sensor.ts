// The real program, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type RunningSensor = {
  readonly pid: number;
  output(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
};

export function startSensor(args: readonly string[]): RunningSensor {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'exit');
  const endWithTest = (): void => void child.kill('SIGKILL');
  process.on('exit', endWithTest);
  return {
    pid: child.pid ?? 0,
    output: () => output,
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await ended;
      }
      process.off('exit', endWithTest);
    },
  };
}
