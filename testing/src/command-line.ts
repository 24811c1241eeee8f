import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './server-under-test.ts';

export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a program to its end, bounded in time. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly timeoutMs?: number;
  },
): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 120_000,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, ...output }));
  return promise;
}

/** `./sallyport …` of this checkout. */
export function runSallyport(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  return runCommand(join(repositoryRoot, 'sallyport'), args, { cwd: repositoryRoot, environment });
}
