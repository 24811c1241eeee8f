import { hash, timingSafeEqual } from 'node:crypto';
import { KeyVaultError } from './errors.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { readCopies, vaultFileName } from './vault-copies.ts';
import { openVaultBytes } from './vault-store.ts';
import { createVaultState } from './vault-state.ts';
import type { VaultState } from './vault-state.ts';

const batchKeys = 50;

/**
 * Opens both copies as a process would that knows nothing but the provider, and every key in them. Answers with the SHA-256
 * of the file. Throws `vault_damaged` when anything in memory could not be had from the disk again.
 */
export async function checkCold(
  needs: Pick<KeyVaultNeeds, 'directories' | 'files' | 'providers' | 'signal' | 'random' | 'pause'>,
  state: VaultState,
): Promise<string> {
  state.settle();
  const { records } = state.list();
  const { generation } = state.header();
  const [first, second] = readCopies(needs, vaultFileName);
  if (first === undefined || second?.equals(first) !== true) throw differs('its two copies differ');
  const found = await openVaultBytes(needs, first);
  if (found.header.generation !== generation) throw differs('the disk holds another generation');
  const cold = createVaultState(
    { ...needs, files: { ...needs.files, write: refuseWrite }, broken: refuseWrite },
    found,
  );
  if (records.length !== cold.list().records.length) throw differs('the disk holds another number of keys');
  for (let at = 0; at < records.length; at += batchKeys) {
    for (const record of records.slice(at, at + batchKeys)) {
      if (record.wrapped === '') continue;
      const there = cold.record(record.id);
      // Bytes of a key made, replaced, erased or rotated away meanwhile are checked by the write that did it.
      const now = state.record(record.id);
      if (now === undefined || now.wrapped === '') continue;
      if (there === undefined || !timingSafeEqual(cold.open(there), state.open(now)))
        throw differs(`key "${record.id}" is not the same on the disk`);
    }
    await needs.pause();
  }
  return hash('sha256', first);
}

function refuseWrite(): never {
  throw new KeyVaultError('vault_closed', 'Cannot write a vault that is only looked at');
}

function differs(why: string): KeyVaultError {
  return new KeyVaultError('vault_damaged', `Cannot rely on what is on the disk: ${why}`);
}
