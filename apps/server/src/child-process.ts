import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CodedError } from '@sallyport/platform/errors';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';

export type StartedChild = { readonly peer: FramePeer; readonly pid: number };

/**
 * Starts one of our own processes with a pipe on file descriptor 3 that nobody else can reach, so that it needs neither
 * address nor password. The connection counts as ended only when the process has ended, and ending it ends the process:
 * its successor never meets it on the same files.
 */
export function startChild(options: {
  readonly entry: URL;
  /** Of Node.js itself. */
  readonly engineFlags?: readonly string[];
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The largest frame either may send, when it is not the usual. */
  readonly maxFrameBytes?: number;
}): StartedChild {
  const { entry, engineFlags = [], flags, environment, maxFrameBytes } = options;
  const nodeArguments = ['--disable-warning=ExperimentalWarning', ...engineFlags, fileURLToPath(entry), ...flags];
  const child = spawn(process.execPath, nodeArguments, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: environment,
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex) || child.pid === undefined) {
    throw new CodedError('child_unstartable', `Cannot start "${entry.href}"`);
  }
  const peer = createFramePeer(pipe, {}, maxFrameBytes === undefined ? {} : { maxFrameBytes });
  void peer.closed.then(() => {
    // The child ends by itself when its pipe closes; one that hangs is ended for it.
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    return ended.then(() => clearTimeout(timer));
  });
  void ended.then(() => peer.close());
  return { pid: child.pid, peer: { ...peer, closed: Promise.all([peer.closed, ended]).then(() => undefined) } };
}
