import { createHmac, hkdfSync } from 'node:crypto';
import { codeOf } from '@sallyport/platform/errors';
import { KeyVaultError } from './errors.ts';
import { recordContext } from './key-record.ts';
import type { KeyPurpose, KeyRecord } from './key-record.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { vaultFileName, writeCopies } from './vault-copies.ts';
import { formatVaultFile } from './vault-format.ts';
import type { VaultEpoch, VaultHeader, VaultList } from './vault-format.ts';
import type { OpenVault } from './vault-store.ts';
import { createWrapper } from './wrapper.ts';
import type { Wrapper } from './wrapper.ts';

/** What the vault is to become. What is left out stays. */
export type VaultChange = {
  readonly list: VaultList;
  readonly epochs?: readonly VaultEpoch[];
  /** When another epoch becomes the active one. */
  readonly epochKey?: Buffer;
};

/** The opened vault: its lists as they are on the disk, and the keys opened so far. */
export type VaultState = {
  readonly vault: string;
  header(): VaultHeader;
  list(): VaultList;
  record(id: string): KeyRecord | undefined;
  /** The newest record of a purpose and label, whatever its state. */
  newest(level: KeyRecord['level'], purpose: KeyPurpose, label: string): KeyRecord | undefined;
  /** The newest that is active. */
  active(level: KeyRecord['level'], purpose: KeyPurpose, label: string): KeyRecord | undefined;
  /** The key's bytes. Throws `unseal_failed` when its wrapping was changed, `vault_key_unknown` when it was destroyed. */
  open(record: KeyRecord): Buffer;
  /** Wraps under a purpose key of this vault, or under the active epoch. */
  wrapperOf(parent: KeyRecord | 'epoch'): Wrapper;
  freshId(): string;
  freshKey(id: string): Buffer;
  /**
   * Writes both copies; the change holds once it returns. `check` sees the bytes before they are written. After a full disk
   * it may be tried again. After any other failure nobody knows what is on the disk: every later write is refused with
   * `vault_closed` until the vault is opened anew.
   */
  commit(change: VaultChange, check?: (bytes: Buffer) => void): void;
  /** Makes both copies alike again when a full disk kept the second from being written. */
  settle(): void;
};

/** There is no room, and nothing is damaged. */
export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');

export function createVaultState(
  needs: Pick<KeyVaultNeeds, 'directories' | 'files' | 'random' | 'broken'>,
  found: OpenVault,
): VaultState {
  let { header, list, epochKey } = found;
  let epochWrapper = createWrapper(epochKey, needs.random);
  let hedge = hedgeOf(epochKey);
  let attempted = header.generation;
  let closedBy: unknown;
  let freshCount = 0;
  let byId = new Map<string, KeyRecord>();
  let byName = new Map<string, KeyRecord>();
  let activeByName = new Map<string, KeyRecord>();
  let opened = new Map<string, Buffer>();
  let wrappers = new Map<string, Wrapper>();

  const index = (): void => {
    byId = new Map(list.records.map((record) => [record.id, record]));
    byName = newestOf(list.records);
    activeByName = newestOf(list.records.filter((record) => record.state === 'active'));
  };
  index();

  const open = (record: KeyRecord): Buffer => {
    const known = opened.get(record.id);
    if (known !== undefined) return known;
    if (record.state === 'destroyed')
      throw new KeyVaultError('vault_key_unknown', `Cannot open key "${record.id}": it was destroyed`);
    const parent = record.level === 'purpose' ? 'epoch' : byId.get(record.parent);
    if (parent === undefined)
      throw new KeyVaultError('unseal_failed', `Cannot open key "${record.id}": the key that wraps it is missing`);
    const bytes = wrapperOf(parent).unwrap(Buffer.from(record.wrapped, 'base64'), recordContext(header.vault, record));
    opened.set(record.id, bytes);
    return bytes;
  };
  const wrapperOf = (parent: KeyRecord | 'epoch'): Wrapper => {
    if (parent === 'epoch') return epochWrapper;
    const known = wrappers.get(parent.id) ?? createWrapper(open(parent), needs.random);
    wrappers.set(parent.id, known);
    return known;
  };
  const headerAfter = (change: VaultChange): VaultHeader => ({
    ...header,
    generation: attempted + 1,
    ...(change.epochs === undefined ? {} : { epochs: [...change.epochs] }),
  });
  const format = (next: VaultHeader, change: VaultChange): Buffer => {
    const seal = change.epochKey === undefined ? epochWrapper : createWrapper(change.epochKey, needs.random);
    return formatVaultFile(next, { content: change.list, seal });
  };

  const commit: VaultState['commit'] = (change, check) => {
    if (closedBy !== undefined) {
      throw new KeyVaultError('vault_closed', 'Cannot write the key vault: an earlier write failed', {
        cause: closedBy,
      });
    }
    const next = headerAfter(change);
    const bytes = format(next, change);
    check?.(bytes);
    // Counted before it is tried: two files of one generation are never different.
    attempted = next.generation;
    try {
      writeCopies(needs, vaultFileName, bytes);
    } catch (error) {
      if (!isDiskFull(error)) {
        closedBy = error;
        needs.broken(error);
      }
      throw error;
    }
    header = next;
    list = change.list;
    index();
    for (const [id, key] of opened) {
      const record = byId.get(id);
      if (record !== undefined && record.state !== 'destroyed') continue;
      // A secret that was replaced may still be on its way to whoever asked for it.
      if (record !== undefined) key.fill(0);
      opened.delete(id);
    }
    if (change.epochKey !== undefined) {
      epochKey.fill(0);
      epochKey = change.epochKey;
      epochWrapper = createWrapper(epochKey, needs.random);
      hedge = hedgeOf(epochKey);
      wrappers = new Map();
      opened = new Map();
    }
  };

  return {
    vault: header.vault,
    header: () => header,
    list: () => list,
    record: (id) => byId.get(id),
    newest: (level, purpose, label) => byName.get(nameOf({ level, purpose, label })),
    active: (level, purpose, label) => activeByName.get(nameOf({ level, purpose, label })),
    open,
    wrapperOf,
    freshId() {
      // Bound to what never repeats within one vault, so that a random source that does gives no id twice.
      for (;;) {
        freshCount += 1;
        const text = `id ${attempted} ${freshCount}`;
        const id = createHmac('sha256', hedge).update(needs.random(16)).update(text).digest('hex').slice(0, 32);
        if (!byId.has(id)) return id;
      }
    },
    freshKey: (id) => Buffer.from(hkdfSync('sha256', needs.random(32), hedge, `key ${id}`, 32)),
    commit,
    settle() {
      if (attempted > header.generation) commit({ list });
    },
  };
}

function newestOf(records: readonly KeyRecord[]): Map<string, KeyRecord> {
  const newest = new Map<string, KeyRecord>();
  for (const record of records) {
    const name = nameOf(record);
    if ((newest.get(name)?.version ?? 0) < record.version) newest.set(name, record);
  }
  return newest;
}

function nameOf(record: Pick<KeyRecord, 'level' | 'purpose' | 'label'>): string {
  return `${record.level} ${record.purpose} ${record.label}`;
}

function hedgeOf(epochKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', epochKey, '', 'sallyport-key-vault@v2 hedge', 32));
}
