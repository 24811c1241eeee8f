import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { createManualClock } from '@sallyport/platform/clock';
import { createFramePeer, type FramePeer } from '@sallyport/platform/frames';
import { createStoreClient, type StoreClient } from './store-client.ts';

const entry = `
import { Socket } from 'node:net';
import { runStore } from ${JSON.stringify(import.meta.resolve('./store/index.ts'))};
runStore({
  stream: new Socket({ fd: 3, readable: true, writable: true }),
  environment: process.env,
  exit: () => process.kill(process.pid, 'SIGKILL'),
});`;

export type TestStore = {
  readonly directory: string;
  readonly key: Buffer;
  /** Starts a real store process. */
  connect(): Promise<FramePeer>;
  /** A client whose back-off does not wait. */
  client(options?: { key?: Buffer; memoryLimitBytes?: number }): StoreClient;
  /** kill -9 of the newest process; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when the newest process has ended by itself. */
  exited(): Promise<void>;
  /** Ends everything and removes the directory. */
  remove(): Promise<void>;
};

/** A store in a temporary directory, in a process of its own, for tests. */
export function createTestStore(): TestStore {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
  const key = randomBytes(32);
  const children: ChildProcess[] = [];
  const clients: StoreClient[] = [];

  const gone = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };

  const connect = async (): Promise<FramePeer> => {
    for (const child of children) await gone(child);
    const child = spawn(process.execPath, ['--input-type=module', '--eval', entry], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    const stream = child.stdio[3];
    if (!(stream instanceof Duplex)) throw new TypeError('the store process has no duplex pipe');
    return createFramePeer(stream, {});
  };

  return {
    directory,
    key,
    connect,
    client(options = {}) {
      const clock = createManualClock(0);
      const client = createStoreClient({
        connect,
        key: () => Promise.resolve(Buffer.from(options.key ?? key)),
        directory,
        threads: 1,
        ...(options.memoryLimitBytes !== undefined && { memoryLimitBytes: options.memoryLimitBytes }),
        clock: {
          nowMs: clock.nowMs,
          monotonicMs: () => {
            clock.advance(60_000);
            return clock.monotonicMs();
          },
        },
        deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
      });
      clients.push(client);
      return client;
    },
    async kill() {
      const child = children.at(-1);
      if (child !== undefined) await gone(child);
    },
    async exited() {
      const child = children.at(-1);
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      await once(child, 'exit');
    },
    async remove() {
      for (const client of clients) client.close();
      for (const child of children) await gone(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
