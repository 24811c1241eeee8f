// A real ledger's files for the tests beside it, and an archive over them.
import { hash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { createLedgerClient, createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { LedgerClient } from '@sallyport/ledger';
import { createSealer } from '@sallyport/ledger/sealer';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createFramePeer } from '@sallyport/platform/frames';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createArchive } from './archive.ts';
import type { Archive } from './archive.ts';
import { archiveMigrations } from './migrations/migrations.ts';
import type { ArchiveNeeds, Holds, VaultFile } from './needs.ts';
import { createArchiveClient } from './s3/s3-client.ts';
import { createS3Place } from './s3/s3-place.ts';
import { createDirectoryPlace } from './directory-place.ts';
import type { Credentials, PlaceSettings } from './settings.ts';

export const actor = { kind: 'user', id: 'u1', name: 'Maria' };
/** Above it a file goes in parts here. */
const testPartBytes = 2000;

export type UnderArchive = {
  readonly dataDirectory: string;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly ledger: LedgerClient;
  /** So many events of random content, which does not shrink, or without any. */
  append(count: number, isEmpty?: boolean): Promise<void>;
  archive: Archive;
  /** The archive of another process over the same database: what was in memory is gone. */
  restart(): Promise<Archive>;
  holds: Holds;
  vaultFiles: VaultFile[];
  /** What was recorded, by action. */
  told(): readonly { readonly action: string; readonly outcome: string; readonly details: unknown }[];
};

/** Keys in memory, standing in for the vault. */
function keysInMemory() {
  const keys = new Map<string, Buffer>();
  const secrets = new Map<string, Uint8Array>();
  return {
    ensureKey(purpose: string, label: string, bytes?: () => Uint8Array) {
      const id = hash('sha256', `${purpose} ${label}`).slice(0, 32);
      const key = keys.get(id) ?? Buffer.from(bytes?.() ?? randomBytes(32));
      keys.set(id, key);
      return { id, bytes: key };
    },
    findKey(id: string) {
      const bytes = keys.get(id);
      return bytes === undefined ? undefined : { id, bytes };
    },
    isDestroyed: () => false,
    openSecret: (name: string) => secrets.get(name),
    sealSecret: (name: string, bytes: Uint8Array) => void secrets.set(name, bytes),
  };
}

export async function startUnderArchive(
  context: { after(work: () => unknown): void },
  directory: string,
): Promise<UnderArchive> {
  const clock = createManualClock(Date.now());
  const dataDirectory = join(directory, 'data');
  mkdirSync(dataDirectory);
  const quiet = createLog({ clock, write: () => undefined });
  const delay = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const vault = keysInMemory();
  const ledger = createLedgerClient({
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
        fatal: (error) => {
          throw error instanceof Error ? error : new Error(String(error));
        },
      });
      const server = createFramePeer(right, sealer.handlers);
      return { ...createFramePeer(left, {}), closed: server.closed.then(() => sealer.close()) };
    },
    anchor: async () => undefined,
    afterRestore: false,
    log: quiet,
    delay,
  });
  await ledger.ready();
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(dataDirectory, 'control.db') });
  await migrate(database, [ledgerMigrations, archiveMigrations]);
  const record = createMemoryLedger({ clock });
  const outbox = createOutbox({
    database,
    ledger: record,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const secrets = new Map<string, Uint8Array>();
  let sequence = 0;
  const state: { holds: Holds; vaultFiles: VaultFile[] } = {
    holds: { digest: 'none', ranges: async () => [] },
    vaultFiles: [
      { name: `vault/${'ab'.repeat(16)}/000000000001.vault`, bytes: Buffer.from('wrapped keys, generation 1') },
    ],
  };
  const deadline = (ms: number): AbortSignal => AbortSignal.timeout(ms);
  const openPlace = (settings: PlaceSettings, credentials: Credentials | undefined) =>
    settings.kind === 'directory'
      ? createDirectoryPlace(settings, { dataDirectory })
      : createS3Place({
          settings,
          client: createArchiveClient(settings, credentials),
          deadline,
          partBytes: testPartBytes,
        });
  const needs: ArchiveNeeds = {
    dataDirectory,
    ledgerDirectory: join(dataDirectory, 'ledger'),
    ledger: {
      head: () => ledger.head(),
      logs: () => ledger.logs(),
      checkpoint: (log) => ledger.checkpoint(log),
      cosigned: async () => undefined,
    },
    vaultFiles: async () => state.vaultFiles,
    holds: async () => state.holds,
    database,
    outbox,
    secrets: {
      open: async (name) => secrets.get(name),
      seal: async (name, bytes) => void secrets.set(name, bytes),
    },
    secretName: 'archive/credentials',
    clock,
    log: quiet,
    delay,
    deadline,
    openPlace,
  };
  const under: UnderArchive = {
    dataDirectory,
    clock,
    ledger,
    async append(count, isEmpty = false) {
      await ledger.append({
        collector: 'test',
        priority: 'intake',
        entries: Array.from({ length: count }, () => ({
          classUid: 1007,
          sequence: (sequence += 1),
          body: isEmpty
            ? Buffer.from('{}')
            : Buffer.from(JSON.stringify({ n: sequence, noise: randomBytes(60).toString('base64') })),
        })),
      });
    },
    archive: createArchive(needs),
    async restart() {
      await under.archive.close();
      under.archive = createArchive(needs);
      return under.archive;
    },
    get holds() {
      return state.holds;
    },
    set holds(holds) {
      state.holds = holds;
    },
    get vaultFiles() {
      return state.vaultFiles;
    },
    set vaultFiles(files) {
      state.vaultFiles = files;
    },
    told: () =>
      record.events().map(({ body }) => {
        const event: unknown = JSON.parse(Buffer.from(body ?? '').toString('utf8'));
        return toldOf(event);
      }),
  };
  context.after(async () => {
    await under.archive.close();
    await ledger.close();
    await close();
  });
  return under;
}

function toldOf(event: unknown): { readonly action: string; readonly outcome: string; readonly details: unknown } {
  const read = (value: unknown, ...path: readonly string[]): unknown =>
    path.reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
      value,
    );
  return {
    action: String(read(event, 'metadata', 'event_code')),
    outcome: read(event, 'status_id') === 1 ? 'success' : 'failure',
    details: read(event, 'unmapped', 'sallyport', 'details'),
  };
}
