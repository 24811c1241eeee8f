import { join } from 'node:path';
import {
  archiveMigrations,
  archiveProblems,
  createArchive,
  createArchiveRoutes,
  openArchivePlace,
} from '@sallyport/archive';
import type { Archive, HeldRange, Holds } from '@sallyport/archive';
import { readVaultExport } from '@sallyport/key-vault/server';
import type { LedgerClient, Outbox, Witnesses } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import { secretNames } from './secret-names.ts';
import { delay } from './timers.ts';

export { archiveMigrations, archiveProblems };

const tickEveryMs = 2000;

export type ArchiveServices = {
  readonly archive: Archive;
  readonly routes: RoutePlugin;
  close(): Promise<void>;
};

/** Archiving beside the ledger: it reads the ledger's and the vault's files as they lie on the disk and holds no key of theirs. */
export async function createArchiveServices(needs: {
  readonly dataDirectory: string;
  readonly ledger: Pick<LedgerClient, 'head' | 'logs' | 'checkpoint' | 'sealedRanges' | 'secrets'>;
  readonly witnesses: Pick<Witnesses, 'quorum'>;
  /** Data keys that legal holds of the vault cover. */
  readonly heldKeys: () => Promise<readonly string[]>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly every: (intervalMs: number, task: () => void) => () => void;
}): Promise<ArchiveServices> {
  const { dataDirectory, ledger } = needs;
  const deadline = (ms: number): AbortSignal => AbortSignal.timeout(ms);
  const archive = createArchive({
    ...needs,
    delay,
    deadline,
    ledgerDirectory: join(dataDirectory, 'ledger'),
    ledger: {
      head: () => ledger.head(),
      logs: () => ledger.logs(),
      checkpoint: (number) => ledger.checkpoint(number),
      cosigned: async (number) => (await needs.witnesses.quorum(number))?.checkpoint,
    },
    vaultFiles: () => readVaultExport(join(dataDirectory, 'vault')),
    holds: () => holdsOf(needs),
    secrets: ledger.secrets,
    secretName: secretNames.archive,
    openPlace: (settings, credentials) => openArchivePlace(settings, credentials, { dataDirectory, deadline }),
  });
  try {
    await archive.start();
  } catch (error) {
    // Recording goes on; the archive says itself what is wrong, and is tried again.
    needs.log.error('The archive was not opened', { reason: messageOf(error) });
  }
  const stop = needs.every(tickEveryMs, () => void archive.tick());
  return {
    archive,
    routes: createArchiveRoutes(archive),
    async close() {
      stop();
      await archive.close();
    },
  };
}

async function holdsOf(needs: {
  readonly heldKeys: () => Promise<readonly string[]>;
  readonly ledger: Pick<LedgerClient, 'sealedRanges'>;
}): Promise<Holds> {
  const keyIds = (await needs.heldKeys()).toSorted();
  return {
    digest: keyIds.join(' '),
    async ranges() {
      const ranges: HeldRange[] = [];
      for (const keyId of keyIds)
        for (const { log, from, to } of await needs.ledger.sealedRanges(keyId)) ranges.push({ log, from, to });
      return ranges;
    },
  };
}
