import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { createSealedFileProvider, openKeyVault, systemVaultFiles } from '@sallyport/key-vault';
import { createLedgerClient } from '@sallyport/ledger';
import type { AppendBatch, LedgerClient } from '@sallyport/ledger';
import { createSealer } from '@sallyport/ledger/sealer';
import { systemClock } from '@sallyport/platform/clock';
import { createFramePeer } from '@sallyport/platform/frames';
import { createLog } from '@sallyport/platform/log';
import { profileFlags, repositoryRoot } from './repository.ts';

const quiet = createLog({ clock: systemClock, write: () => undefined });

export type SeparateLedger = { readonly client: LedgerClient; readonly pid: number; close(): Promise<void> };

/** The ledger as the server has it: the product's own sealer process, spoken to in frames over a pipe. */
export async function openSeparateLedger(
  directory: string,
  profileDirectory: string | undefined,
): Promise<SeparateLedger> {
  const flags = [directory, 'file', join(directory, 'unseal.key'), '0', '1048576'];
  const entry = join(repositoryRoot, 'apps', 'server', 'src', 'sealer.ts');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...profileFlags(profileDirectory), entry, ...flags],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      env: {},
    },
  );
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const pipe = child.stdio[3];
  const { pid } = child;
  if (!(pipe instanceof Duplex) || pid === undefined) throw new Error('Cannot start the sealer');
  const client = createLedgerClient({
    connect: async () => ({ ...createFramePeer(pipe, {}), closed: ended }),
    anchor: () => Promise.resolve(undefined),
    afterRestore: false,
    log: quiet,
    delay: async (ms) => wait(ms),
  });
  await client.ready();
  return { client, pid, close: () => client.close() };
}

/** The same sealer in this process, called without a pipe: its decoder, commit queue, log, and index. */
export async function openSealerInProcess(directory: string): Promise<{
  append(batch: AppendBatch): Promise<void>;
  close(): void;
}> {
  const directories: [string, string] = [join(directory, 'vault'), join(directory, 'vault-copy')];
  const unsealing = { kind: 'file', path: join(directory, 'unseal.key') } as const;
  const files = systemVaultFiles;
  const provider = createSealedFileProvider({ directories, unsealing, random: randomBytes, files });
  const vault = await openKeyVault({
    directories,
    providers: new Map([['sealed-file', provider]]),
    firstProviders: ['sealed-file'],
    clock: systemClock,
    random: randomBytes,
    files,
    pause: async () => wait(0),
    broken: () => undefined,
    machine: undefined,
    signal: new AbortController().signal,
  });
  const sealer = createSealer({
    directory: join(directory, 'ledger'),
    vault,
    clock: systemClock,
    random: randomBytes,
    disk: { watermarkBytes: 0, reserveBytes: 1_048_576 },
    checkpointEveryMs: 1000,
    lockWaitMs: 0,
    offeredSecrets: [],
    notify: () => undefined,
    fatal: (error) => {
      throw error instanceof Error ? error : new Error('The disk failed');
    },
  });
  void sealer.handlers['open']?.({ head: {} });
  return {
    async append(batch) {
      await sealer.handlers['append']?.({
        head: { collector: batch.collector, priority: batch.priority, streams: [batch.collector] },
        payload: encodeBatch(batch),
      });
    },
    close: () => sealer.close(),
  };
}

// As the client encodes it: u32 class · u64 sequence · u32 stream · u32 body length · body.
function encodeBatch(batch: AppendBatch): Buffer {
  const bytes = Buffer.allocUnsafe(batch.entries.reduce((sum, entry) => sum + 20 + entry.body.length, 0));
  let at = 0;
  for (const { classUid, sequence, body } of batch.entries) {
    at = bytes.writeUInt32BE(classUid, at);
    at = bytes.writeBigUInt64BE(BigInt(sequence), at);
    at = bytes.writeUInt32BE(0, at);
    at = bytes.writeUInt32BE(body.length, at);
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}
