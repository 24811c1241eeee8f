import { createHash, hash, timingSafeEqual } from 'node:crypto';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { KeyVaultError } from './errors.ts';
import { makeFirstEpoch } from './first-epoch.ts';
import { keyPurposes, recordContext } from './key-record.ts';
import type { KeyPurpose, KeyRecord } from './key-record.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { readCopies, eraseCopies, vaultFileName, writeCopies } from './vault-copies.ts';
import { epochId } from './vault-format.ts';
import type { VaultHeader } from './vault-format.ts';
import { findVault } from './vault-store.ts';
import type { OpenVault } from './vault-store.ts';
import { createVaultState } from './vault-state.ts';
import { createWrapper } from './wrapper.ts';

/** Version 1: one list of keys, each wrapped under one master key, the list too. */
const format = 'sallyport-key-vault@v1';
const fileName = 'keys.vault';
const keptName = 'keys.vault.before-epochs';
/** What an older program finds where its vault was: it refuses to start, and does not begin another. */
const signpost = Buffer.from('sallyport-key-vault@v2\nThis vault has moved to epochs.vault\n');

const Content = Type.Object({
  generation: Type.Integer({ minimum: 0 }),
  records: Type.Array(
    Type.Object({
      id: Type.String(),
      purpose: Type.Enum(keyPurposes),
      label: Type.String(),
      createdAtMs: Type.Number(),
      wrapped: Type.String(),
    }),
  ),
});
type Content = Static<typeof Content>;
type Opened = { readonly content: Content; readonly bytes: Buffer };

/** Whether a vault of version 1 waits to be taken over. Finishes what a crash left of an earlier taking over. */
export function hasVersionOne(needs: KeyVaultNeeds, found: Pick<OpenVault, 'header'> | undefined): boolean {
  const copies = readCopies(needs, fileName);
  const remaining = copies.filter((bytes) => bytes !== undefined && !bytes.equals(signpost));
  if (found === undefined) return remaining.length > 0;
  if (remaining.length === 0) {
    forget(needs, copies);
    return false;
  }
  // An older program started in between would have made both copies alike, and added keys this vault lacks.
  if (!remaining.every((bytes) => isTaken(found.header, bytes))) {
    throw new KeyVaultError(
      'vault_two_versions',
      `Cannot open the key vault: "${fileName}" is not the one that "${vaultFileName}" took the place of`,
      {
        hint: `an older version was started on this data, or a backup of one was put back: keep a copy of both files, then remove "${fileName}" from both directories to go on without what the older version recorded since, or "${vaultFileName}" to go on without what the newer one did`,
      },
    );
  }
  const [taken] = remaining;
  if (taken !== undefined) replace(needs, taken);
  return false;
}

/** Takes over every key of a vault of version 1 under a new master key. Nothing of it changes until all was read again. */
export async function takeOverVersionOne(needs: KeyVaultNeeds, begun: VaultHeader | undefined): Promise<void> {
  const { content, bytes } = await openVersionOne(needs);
  writeCopies(needs, fileName, bytes);
  const keys = new Map<string, Buffer>();
  for (const record of content.records) keys.set(record.id, await unwrap(needs, record.wrapped, contextOf(record)));
  await makeFirstEpoch(needs, begun, {
    generation: content.generation,
    before: hash('sha256', bytes),
    records: (vault, epochKey) => recordsOf(needs, { content, keys, vault, epochKey }),
  });
  const found = await findVault(needs);
  if (found.kind !== 'open') throw new KeyVaultError('vault_damaged', 'Cannot take over the vault: it does not open');
  const state = createVaultState(needs, found);
  for (const [id, key] of keys) {
    const record = state.record(id);
    if (record === undefined || !timingSafeEqual(state.open(record), key))
      throw new KeyVaultError(
        'vault_damaged',
        `Cannot take over the vault: key "${id}" is not the same in the new one`,
      );
  }
  replace(needs, bytes);
}

/** The old vault is kept until a later start has opened the new one; a signpost takes its place. */
function replace(needs: KeyVaultNeeds, bytes: Buffer): void {
  writeCopies(needs, keptName, bytes);
  // No key is made before both are down: an older program would not know it.
  writeCopies(needs, fileName, signpost);
}

function recordsOf(
  needs: KeyVaultNeeds,
  from: {
    readonly content: Content;
    readonly keys: ReadonlyMap<string, Buffer>;
    readonly vault: string;
    readonly epochKey: Buffer;
  },
): KeyRecord[] {
  const { content, keys, vault, epochKey } = from;
  const under = createWrapper(epochKey, needs.random);
  const atMs = needs.clock.nowMs();
  const history = [{ atMs, state: 'active' as const, by: 'vault', reason: 'migration' }];
  const used = [...new Set(content.records.map((record) => record.purpose))];
  const parents = new Map<KeyPurpose, { record: KeyRecord; wrapper: ReturnType<typeof createWrapper> }>();
  for (const purpose of used) {
    const derive = (what: string): Buffer =>
      createHash('sha256').update(needs.random(32)).update(epochKey).update(`${what} ${purpose}`).digest();
    const named = {
      id: derive('id').toString('hex').slice(0, 32),
      level: 'purpose' as const,
      purpose,
      label: '',
      version: 1,
      parent: epochId(1),
    };
    const key = derive('key');
    const wrapped = under.wrap(key, recordContext(vault, named)).toString('base64');
    parents.set(purpose, {
      record: { ...named, createdAtMs: atMs, state: 'active', wrapped, history },
      wrapper: createWrapper(key, needs.random),
    });
  }
  const versions = new Map<string, number>();
  const data = content.records.flatMap(({ id, purpose, label, createdAtMs }): KeyRecord[] => {
    const [parent, key] = [parents.get(purpose), keys.get(id)];
    if (parent === undefined || key === undefined) return [];
    const name = `${purpose} ${label}`;
    const version = (versions.get(name) ?? 0) + 1;
    versions.set(name, version);
    const named = { id, level: 'data' as const, purpose, label, version, parent: parent.record.id };
    const wrapped = parent.wrapper.wrap(key, recordContext(vault, named)).toString('base64');
    return [{ ...named, createdAtMs, state: 'active', wrapped, history }];
  });
  return [...[...parents.values()].map(({ record }) => record), ...data];
}

async function openVersionOne(needs: KeyVaultNeeds): Promise<Opened> {
  const opened: Opened[] = [];
  let failure: unknown;
  for (const bytes of readCopies(needs, fileName)) {
    if (bytes === undefined || bytes.equals(signpost)) continue;
    const [head, wrapped, ...rest] = bytes.toString('utf8').split('\n');
    if (head !== format || wrapped === undefined || rest.length !== 1) continue;
    try {
      const content: unknown = JSON.parse((await unwrap(needs, wrapped, format)).toString('utf8'));
      if (Check(Content, content)) opened.push({ content, bytes });
    } catch (error) {
      failure = error;
    }
  }
  const [newest] = opened.toSorted((a, b) => b.content.generation - a.content.generation);
  if (newest !== undefined) return newest;
  if (failure instanceof KeyVaultError && failure.hint !== undefined) throw failure;
  throw new KeyVaultError('vault_damaged', 'Cannot open the key vault: no copy is intact under this master key', {
    cause: failure,
    hint: `restore ${fileName} from a backup, or put back the master key it was written with`,
  });
}

async function unwrap(needs: KeyVaultNeeds, wrapped: string, context: string): Promise<Buffer> {
  if (needs.versionOne === undefined)
    throw new KeyVaultError(
      'provider_unknown',
      'Cannot open a vault of version 1: its sealed master key is not set up',
    );
  return needs.versionOne.unwrap(Buffer.from(wrapped, 'base64'), context);
}

function contextOf(record: { readonly id: string; readonly purpose: string; readonly label: string }): string {
  return `${format}\n${record.id}\n${record.purpose}\n${record.label}`;
}

function isTaken(header: VaultHeader, bytes: Buffer | undefined): boolean {
  return bytes !== undefined && header.before === hash('sha256', bytes);
}

/** A later start has opened the new vault: what was kept of the old one, and its master key, goes. */
function forget(needs: KeyVaultNeeds, copies: readonly (Buffer | undefined)[]): void {
  if (copies.every((bytes) => bytes === undefined)) return;
  if (readCopies(needs, keptName).every((bytes) => bytes === undefined)) return;
  // In this order: as long as anything is kept, a start that was cut short is made up for by the next.
  needs.versionOne?.forget();
  eraseCopies(needs, keptName);
}
