import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { compileCache, programFile, repositoryRoot } from './programs.ts';

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

/** `./sallyport …` of this checkout; where it is bundled, without its launcher. */
export function runSallyport(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const command = join(repositoryRoot, 'sallyport');
  const program = programFile('apps/cli/src/main.ts');
  // The witness is another program.
  if (program.endsWith('.ts') || args[0] === 'witness')
    return runCommand(command, args, { cwd: repositoryRoot, environment });
  return runCommand(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    cwd: repositoryRoot,
    environment: { ...environment, SALLYPORT_COMMAND: command, NODE_COMPILE_CACHE: compileCache() },
  });
}
