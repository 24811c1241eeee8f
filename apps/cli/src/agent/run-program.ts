import { spawn } from 'node:child_process';
import { environmentWith } from '../config.ts';
import { CliError } from '../errors.ts';
import { whyNot } from '../system-errors.ts';

/** A program that was run in our place has ended: we end as it did. */
export class ProgramEnded extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`The program ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

const signalNumbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
};

/**
 * Runs a program at our own terminal and gives the code it ends with. Ctrl-C is its own affair: the terminal sends it to both of us, and
 * agents make of it what they like. Throws `CliError` `usage` when it cannot be started.
 */
export async function runProgram(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: 'inherit', env: environmentWith(environment) });
  const ours = process.listeners('SIGINT');
  process.removeAllListeners('SIGINT');
  const leaveIt = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', leaveIt);
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', (error) =>
        reject(
          new CliError('usage', `Cannot run "${file}": ${whyNot(error)}`, {
            hint: 'sallyport agent run -- claude',
            cause: error,
          }),
        ),
      );
      child.on('exit', (code, signal) => resolve(code ?? 128 + (signalNumbers[signal ?? 'SIGTERM'] ?? 15)));
    });
  } finally {
    process.off('SIGINT', leaveIt);
    process.off('SIGTERM', pass);
    process.off('SIGHUP', pass);
    for (const listener of ours) process.on('SIGINT', listener);
  }
}
