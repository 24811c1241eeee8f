import { join } from 'node:path';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { KeyVaultError } from './errors.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { formatVaultFile, parseVaultFile, recordContext } from './vault-file.ts';
import type { VaultContent, VaultRecord } from './vault-file.ts';

/** One key per purpose. `secret` keys may be handed to the server process; all others stay in this one. */
export type KeyPurpose = 'block-data' | 'log-signing' | 'stream-name' | 'secret';

export type VaultKey = { readonly id: string; readonly bytes: Buffer };

/**
 * Wrapped keys in a file, twice. Promise: a key returned here is on disk in both copies first, so what is
 * encrypted under it can be read again after any crash or the loss of one copy.
 */
export type KeyVault = {
  /** The newest key of this purpose and label, made when there is none. 32 random bytes unless `bytes` are given. */
  ensureKey(purpose: KeyPurpose, label: string, bytes?: () => Uint8Array): VaultKey;
  /** The key with this id, or undefined when it never existed or was destroyed. */
  findKey(id: string): VaultKey | undefined;
  /** The newest secret stored under a name. */
  openSecret(name: string): Buffer | undefined;
  /** Stores a secret, replacing the one of that name. */
  sealSecret(name: string, bytes: Uint8Array): void;
};

const fileName = 'keys.vault';
const labelPattern = /^[a-z0-9][a-z0-9./:-]{0,99}$/;

/** Opens the vault or makes a new one. Throws `vault_damaged` when a file exists but no copy is intact. */
export function openKeyVault(needs: KeyVaultNeeds): KeyVault {
  for (const directory of needs.directories) makePrivateDirectory(directory);
  let content = readContent(needs);
  const opened = new Map<string, VaultKey>();

  const open = (record: VaultRecord): VaultKey => {
    const known = opened.get(record.id);
    if (known !== undefined) return known;
    const bytes = needs.provider.unwrap(Buffer.from(record.wrapped, 'base64'), recordContext(record));
    const key = { id: record.id, bytes };
    opened.set(record.id, key);
    return key;
  };

  const newest = (purpose: KeyPurpose, label: string): VaultRecord | undefined =>
    content.records.findLast((record) => record.purpose === purpose && record.label === label);

  const add = (purpose: KeyPurpose, label: string, bytes: Uint8Array, replaces?: VaultRecord): VaultKey => {
    if (!labelPattern.test(label)) {
      throw new KeyVaultError('label_invalid', `Cannot store key "${label}": label must match ${labelPattern.source}`);
    }
    const named = { id: needs.random(16).toString('hex'), purpose, label };
    const wrapped = needs.provider.wrap(bytes, recordContext(named)).toString('base64');
    const record: VaultRecord = { ...named, createdAtMs: needs.clock.nowMs(), wrapped };
    const kept = content.records.filter((other) => other !== replaces);
    const next = { generation: content.generation + 1, records: [...kept, record] };
    writeContent(needs, next);
    content = next;
    return open(record);
  };

  return {
    ensureKey(purpose, label, bytes) {
      const record = newest(purpose, label);
      return record === undefined ? add(purpose, label, bytes?.() ?? needs.random(32)) : open(record);
    },
    findKey(id) {
      const record = content.records.find((candidate) => candidate.id === id);
      return record === undefined ? undefined : open(record);
    },
    openSecret(name) {
      const record = newest('secret', name);
      return record === undefined ? undefined : open(record).bytes;
    },
    sealSecret(name, bytes) {
      add('secret', name, bytes, newest('secret', name));
    },
  };
}

function readContent(needs: KeyVaultNeeds): VaultContent {
  const files = needs.directories.map((directory) => readFileIfPresent(join(directory, fileName)));
  if (files.every((bytes) => bytes === undefined)) return { generation: 0, records: [] };
  const intact = files
    .map((bytes) => (bytes === undefined ? undefined : parseVaultFile(bytes, needs.provider)))
    .filter((content) => content !== undefined)
    .toSorted((a, b) => b.generation - a.generation);
  const [newest] = intact;
  if (newest === undefined) {
    throw new KeyVaultError('vault_damaged', 'Cannot open the key vault: no copy is intact under this master key', {
      hint: `restore ${fileName} from a backup, or put back the master key it was written with`,
    });
  }
  // A crash between the two writes leaves one copy behind; both must hold a key before it is used again.
  if (intact.length < needs.directories.length || intact.some((copy) => copy.generation !== newest.generation)) {
    writeContent(needs, newest);
  }
  return newest;
}

function writeContent(needs: KeyVaultNeeds, content: VaultContent): void {
  const bytes = formatVaultFile(content, needs.provider);
  for (const directory of needs.directories) writeFileDurably(join(directory, fileName), bytes);
}
