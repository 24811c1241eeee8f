import { spawn } from 'node:child_process';
import { messageOf } from '@sallyport/platform/errors';

/** Lines of a command that keeps running. */
export type ChildLines = {
  /** The oldest lines that wait, at most so many. */
  take(maxLines: number): string[];
  /** Why it runs no more. */
  ended(): string | undefined;
  close(): void;
};

export type StartChild = (command: string, args: readonly string[]) => ChildLines;

const maxWaitingCharacters = 4 << 20;
const maxLineCharacters = 1 << 20;
const maxErrorCharacters = 500;

/** Reads no faster than lines are taken: a full pipe makes the command wait, so nothing is dropped here. */
export const startChild: StartChild = (command, args) => {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
  let lines: string[] = [];
  let waiting = 0;
  let rest = '';
  let said = '';
  let end: string | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const pieces = (rest + text).split('\n');
    rest = pieces.pop() ?? '';
    if (rest.length > maxLineCharacters) rest = '';
    for (const piece of pieces) {
      lines.push(piece);
      waiting += piece.length;
    }
    if (waiting > maxWaitingCharacters) child.stdout.pause();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-maxErrorCharacters);
  });
  child.once('error', (error) => {
    end = `${command} cannot be started: ${messageOf(error)}`;
  });
  child.once('close', (code, signal) => {
    end ??= `${command} ended with ${signal ?? code ?? 'nothing'}${said === '' ? '' : `: ${said.trim()}`}`;
  });
  return {
    take(maxLines) {
      const taken = lines.slice(0, maxLines);
      lines = lines.slice(taken.length);
      waiting = lines.reduce((sum, { length }) => sum + length, 0);
      if (waiting <= maxWaitingCharacters) child.stdout.resume();
      return taken;
    },
    ended: () => end,
    close() {
      child.stdout.destroy();
      child.kill('SIGTERM');
    },
  };
};
