// A data directory as it was left long ago: ledger and vault of another day, before any server of today has seen them.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { setImmediate as immediately } from 'node:timers/promises';
import { createSealedFileProvider, openKeyVault, systemVaultFiles } from '@sallyport/key-vault';
import { createLedgerClient } from '@sallyport/ledger';
import type { LedgerClient } from '@sallyport/ledger';
import { createSealer } from '@sallyport/ledger/sealer';
import { createManualClock } from '@sallyport/platform/clock';
import { createFramePeer } from '@sallyport/platform/frames';
import { createLog } from '@sallyport/platform/log';
import type { ServerConfig } from './config.ts';

/** Lets `write` append to the ledger at the times it sets. The machine is that of nobody in particular. */
export async function writeFormerLedger(
  config: ServerConfig,
  startMs: number,
  write: (ledger: LedgerClient, clock: ReturnType<typeof createManualClock>) => Promise<void>,
): Promise<void> {
  const { dataDirectory, unsealing } = config;
  if (unsealing.kind === 'passphrase') throw new TypeError('A former ledger has its key in a file');
  const directories: [string, string] = [join(dataDirectory, 'vault'), join(dataDirectory, 'vault-copy')];
  const clock = createManualClock(startMs);
  const common = { directories, random: randomBytes, files: systemVaultFiles };
  const sealed = createSealedFileProvider({ ...common, unsealing });
  const fatal = (error: unknown): never => {
    throw error instanceof Error ? error : new Error(String(error));
  };
  const vault = await openKeyVault({
    ...common,
    providers: new Map([['sealed-file', sealed]]),
    firstProviders: ['sealed-file'],
    machine: undefined,
    clock,
    pause: async () => immediately(),
    broken: () => undefined,
    signal: new AbortController().signal,
  });
  const client = createLedgerClient({
    connect: async () => {
      const [left, right] = duplexPair();
      const sealer = createSealer({
        directory: join(dataDirectory, 'ledger'),
        vault,
        clock,
        random: randomBytes,
        disk: { watermarkBytes: 0, reserveBytes: 1024 * 1024 },
        checkpointEveryMs: 60_000,
        lockWaitMs: 0,
        offeredSecrets: [],
        notify: (method, head) => server.notify(method, { head }),
        fatal,
      });
      const server = createFramePeer(right, sealer.handlers);
      const ended = server.closed.then(() => sealer.close());
      return { ...createFramePeer(left, {}), closed: ended };
    },
    anchor: async () => undefined,
    afterRestore: false,
    log: createLog({ clock, write: () => undefined }),
    delay: async () => immediately(),
  });
  await client.ready();
  await write(client, clock);
  await client.close();
}
