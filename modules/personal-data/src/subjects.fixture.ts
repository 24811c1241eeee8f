// Personal data over a real vault, a real control database and a ledger in memory, for the tests beside it.
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createSealedFileProvider, createSubjectFrames, openKeyVault, systemVaultFiles } from '@sallyport/key-vault';
import { createSubjectKeys } from '@sallyport/key-vault/server';
import type { DestroyedKey, Proposal, ShownHold, ShownIntent } from '@sallyport/key-vault/server';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { personalDataMigrations } from './migrations/migrations.ts';
import type { Keeper, PersonalDataNeeds, RequestNeeds } from './needs.ts';
import { createPersonalData } from './subject-service.ts';
import type { PersonalData, PersonalDataService } from './subject-service.ts';

const startMs = Date.UTC(2026, 10, 22, 9);
export const ada = { kind: 'user', id: 'u-officer', name: 'officer' };

export type PersonalDataUnderTest = {
  readonly personal: PersonalData;
  readonly service: PersonalDataService;
  readonly stored: ReturnType<typeof createMemoryLedger>;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly needs: PersonalDataNeeds;
  readonly requestNeeds: RequestNeeds;
  readonly proposals: readonly (Proposal & { readonly id: string })[];
  /** Legal holds in force. */
  readonly holds: ShownHold[];
  /** The keys of a proposal are destroyed, as after two signatures and the waiting time. */
  carryOut(id: string, kept?: ReadonlySet<string>): Promise<void>;
  /** The files of every page vanish; puts them back. A process that has read them does not notice. */
  losePages(): () => void;
  /** Another server process over the same vault, database and ledger. */
  restart(options?: { readonly limits?: PersonalDataNeeds['limits'] }): Promise<PersonalData>;
};

export async function startPersonalData(
  context: TestContext,
  options: {
    readonly limits?: PersonalDataNeeds['limits'];
    readonly keepers?: readonly Keeper[];
    readonly caughtUp?: RequestNeeds['caughtUp'];
  } = {},
): Promise<PersonalDataUnderTest> {
  const root = mkdtempSync(join(tmpdir(), 'personal-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const clock = createManualClock(startMs);
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(root, 'control.db') });
  context.after(close);
  await migrate(database, [ledgerMigrations, personalDataMigrations]);

  const destroyed = new Map<string, DestroyedKey>();
  const listeners = new Set<(keyIds: readonly string[]) => void>();
  const keys = createSubjectKeys(await vaultFrames(root, destroyed));
  const stored = createMemoryLedger({ clock });
  const log = createLog({ clock, write: () => undefined });
  const indexKey = Buffer.alloc(32, 5);
  const limits = options.limits === undefined ? {} : { limits: options.limits };
  const needs: PersonalDataNeeds = {
    ledger: stored,
    keys,
    database,
    indexKey,
    clock,
    random: randomBytes,
    log,
    ...limits,
  };
  const personal = await createPersonalData(needs);
  const outbox = createOutbox({
    database,
    ledger: personal.ledger,
    key: Buffer.alloc(32, 6),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const holds: ShownHold[] = [];
  const proposals: (Proposal & { readonly id: string })[] = [];
  const requestNeeds: RequestNeeds = {
    outbox,
    destructions: {
      async propose(proposal) {
        const id = String(proposals.length + 1).padStart(16, '0');
        proposals.push({ ...proposal, id });
        return intentOf(id, proposal, 'proposed');
      },
      async find(id) {
        const proposal = proposals.find((one) => one.id === id);
        if (proposal === undefined || proposal.kind === 'policy') return undefined;
        const isDone = proposal.keyIds.every((keyId) => destroyed.has(keyId));
        return intentOf(id, proposal, isDone ? 'destroyed' : 'proposed');
      },
      holds: async () => holds,
      async placeHold({ name, reason, keyIds = [] }, by) {
        const hold = { id: String(holds.length).padStart(32, '0'), name, reason, by, atMs: startMs, keyIds };
        holds.push(hold);
        return hold;
      },
      destroyedKeys: async () => [...destroyed.values()],
      onDestroyed(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    dayKeys: async (days) => [...days].map((day) => `key of ${day}`),
    keepers: () => options.keepers ?? [],
    deadline: (ms) => AbortSignal.timeout(ms),
    caughtUp: options.caughtUp ?? (async () => undefined),
    every: () => () => undefined,
  };
  const service = personal.serve(requestNeeds);
  context.after(() => service.requests.close());
  return {
    personal,
    service,
    stored,
    clock,
    needs,
    requestNeeds,
    proposals,
    holds,
    async carryOut(id, kept = new Set()) {
      const proposal = proposals.find((one) => one.id === id);
      const named = proposal === undefined || proposal.kind === 'policy' ? [] : proposal.keyIds;
      const keyIds = named.filter((keyId) => !kept.has(keyId));
      for (const keyId of keyIds)
        destroyed.set(keyId, { id: keyId, purpose: 'subject-page', label: '', atMs: clock.nowMs() });
      for (const listener of listeners) listener(keyIds);
      await service.requests.forgetting.run();
    },
    losePages() {
      const folders = ['vault', 'vault-copy'].map((name) => join(root, name, 'subject-pages'));
      for (const folder of folders) {
        renameSync(folder, `${folder}.gone`);
        mkdirSync(folder);
      }
      return () => {
        for (const folder of folders)
          for (const name of readdirSync(`${folder}.gone`))
            copyFileSync(join(`${folder}.gone`, name), join(folder, name));
      };
    },
    restart: async ({ limits: other } = {}) =>
      createPersonalData({
        ...needs,
        keys: createSubjectKeys(await vaultFrames(root, destroyed)),
        ...(other === undefined ? {} : { limits: other }),
      }),
  };
}

/** The vault's frames, without a process between; keys count as destroyed as soon as they are in `destroyed`. */
async function vaultFrames(root: string, destroyed: ReadonlyMap<string, unknown>) {
  const directories: [string, string] = [join(root, 'vault'), join(root, 'vault-copy')];
  const files = systemVaultFiles;
  const unsealing = { kind: 'file', path: join(root, 'unseal.key') } as const;
  const provider = createSealedFileProvider({ directories, unsealing, random: randomBytes, files });
  const vault = await openKeyVault({
    directories,
    files,
    providers: new Map([['sealed-file', provider]]),
    firstProviders: ['sealed-file'],
    machine: undefined,
    clock: createManualClock(startMs),
    random: randomBytes,
    pause: async () => undefined,
    broken: () => undefined,
    signal: new AbortController().signal,
  });
  const opened = {
    ...vault,
    findKey: (id: string) => (destroyed.has(id) ? undefined : vault.findKey(id)),
    isDestroyed: (id: string) => destroyed.has(id),
    listKeys: () =>
      vault.listKeys().map((key) => (destroyed.has(key.id) ? { ...key, state: 'destroyed' as const } : key)),
  };
  const handlers = createSubjectFrames({
    directories,
    files,
    random: randomBytes,
    broken: () => undefined,
    opened: async () => opened,
  });
  return async (method: string, request: Parameters<NonNullable<(typeof handlers)[string]>>[0]) => {
    const handle = handlers[method];
    if (handle === undefined) throw new TypeError(`There is no frame "${method}"`);
    return handle(request);
  };
}

function intentOf(id: string, proposal: Proposal, stage: ShownIntent['stage']): ShownIntent {
  return {
    id,
    kind: proposal.kind,
    stage,
    keys: [],
    reason: proposal.reason,
    by: 'user/u-officer',
    atMs: startMs,
    digest: '00',
    signatures: [],
    wait: { evidence: 'running-time', neededMs: 0, remainingMs: 0 },
    obstacles: [],
    kept: [],
    hasCertificate: false,
  };
}
