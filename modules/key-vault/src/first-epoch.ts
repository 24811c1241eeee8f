import { hash, hkdfSync } from 'node:crypto';
import { epochKeyBytes, planEpoch, wrapEpochKey } from './epoch-keys.ts';
import { noteStages } from './epoch-history.ts';
import { pinIdentities } from './epoch-rotation.ts';
import { KeyVaultError } from './errors.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { vaultFileName, writeCopies } from './vault-copies.ts';
import { formatVaultFile } from './vault-format.ts';
import type { VaultHeader, VaultList } from './vault-format.ts';
import { createWrapper } from './wrapper.ts';

/**
 * Makes a vault with its first epoch: the name of its master key durable in both copies, the key made and tried, then both
 * copies. Goes on where an earlier start ended, under the same name.
 */
export async function makeFirstEpoch(
  needs: KeyVaultNeeds,
  begun: VaultHeader | undefined,
  fill: {
    readonly generation: number;
    /** SHA-256 of the vault this one is made from. */
    readonly before?: string;
    /** The keys it starts with, wrapped under the epoch's key. */
    readonly records: (vault: string, epochKey: Buffer) => VaultList['records'];
  },
): Promise<void> {
  const header = begun ?? planFirst(needs, fill.generation);
  const [planned] = header.epochs;
  if (planned === undefined) throw new KeyVaultError('vault_damaged', 'Cannot make the key vault: it names no epoch');
  const kinds = planned.wraps.map((wrap) => wrap.provider);
  const identities = await pinIdentities(needs, { identities: [] }, kinds);
  const key = Buffer.from(
    hkdfSync('sha256', needs.random(32), header.vault, 'sallyport-key-vault@v2 epoch', epochKeyBytes),
  );
  const wraps = await wrapEpochKey(needs, planned, header.vault, key);
  const epochs = [{ ...planned, stage: 'active' as const, wraps }];
  const event = {
    atMs: needs.clock.nowMs(),
    by: 'vault',
    reason: fill.before === undefined ? 'first start' : 'migration',
  };
  const list: VaultList = {
    records: fill.records(header.vault, key),
    epochs: noteStages([], epochs, event),
    identities,
  };
  const next: VaultHeader = {
    vault: header.vault,
    generation: Math.max(header.generation, fill.generation) + 1,
    epochs,
    ...(fill.before === undefined ? {} : { before: fill.before }),
  };
  writeCopies(needs, vaultFileName, formatVaultFile(next, { content: list, seal: createWrapper(key, needs.random) }));
}

function planFirst(needs: KeyVaultNeeds, generation: number): VaultHeader {
  const vault = hash('sha256', needs.random(32)).slice(0, 32);
  const epochs = [planEpoch({ vault, epoch: 1 }, needs.firstProviders, needs.random)];
  const header = { vault, generation: generation + 1, epochs };
  writeCopies(needs, vaultFileName, formatVaultFile(header));
  return header;
}
