import { KeyVaultError } from '../errors.ts';
import { newPurposeKey } from '../key-life.ts';
import { recordContext } from '../key-record.ts';
import type { KeyEvent, KeyPurpose, KeyRecord } from '../key-record.ts';
import type { KeyVaultNeeds } from '../needs.ts';
import { eraseCopies, readCopies, vaultFileName, writeCopies } from '../vault-copies.ts';
import { createVaultState } from '../vault-state.ts';
import type { VaultState } from '../vault-state.ts';
import { openVaultBytes } from '../vault-store.ts';
import { createWrapper } from '../wrapper.ts';

const asideName = `${vaultFileName}.aside`;

/** The vault as it was before keys were left behind, for as long as somebody may still stop that. Both copies. */
export type SetAside = {
  /** Puts the present file aside. */
  keep(): void;
  /**
   * Wraps these keys anew in the vault as it is now. Throws `vault_damaged` when no copy lies aside, and what providers say:
   * the former epoch's master key has to be there.
   */
  bringBack(keyIds: readonly string[], event: Omit<KeyEvent, 'state'>): Promise<void>;
  erase(): void;
};

export function createSetAside(needs: KeyVaultNeeds, state: VaultState): SetAside {
  return {
    keep() {
      state.settle();
      const [bytes] = readCopies(needs, vaultFileName);
      if (bytes === undefined) throw new KeyVaultError('vault_damaged', 'Cannot set the vault aside: its file is gone');
      writeCopies(needs, asideName, bytes);
    },
    async bringBack(keyIds, event) {
      const bytes = readCopies(needs, asideName).find((copy) => copy !== undefined);
      if (bytes === undefined)
        throw new KeyVaultError('vault_damaged', 'Cannot bring keys back: the former vault is gone');
      const found = await openVaultBytes(needs, bytes);
      const former = createVaultState(needs, found);
      const made: KeyRecord[] = [];
      const parentOf = (purpose: KeyPurpose): KeyRecord => {
        const known = state.active('purpose', purpose, '') ?? made.find((one) => one.purpose === purpose);
        if (known !== undefined) return known;
        const version = (state.newest('purpose', purpose, '')?.version ?? 0) + 1;
        const { record } = newPurposeKey(state, { purpose, version }, { ...event, state: 'active' });
        made.push(record);
        return record;
      };
      const back = new Map<string, KeyRecord>();
      for (const id of keyIds) {
        const record = former.record(id);
        if (record === undefined || record.state === 'destroyed' || state.record(id)?.state !== 'destroyed') continue;
        const parent = parentOf(record.purpose);
        const next = { ...record, parent: parent.id, history: [...record.history, { ...event, state: record.state }] };
        const key = former.open(record);
        const wrapped = wrapperOf(needs, state, parent).wrap(key, recordContext(state.vault, next));
        back.set(id, { ...next, wrapped: wrapped.toString('base64') });
      }
      const list = state.list();
      const records = list.records.map((record) => back.get(record.id) ?? record);
      if (back.size > 0) state.commit({ list: { ...list, records: [...records, ...made] } });
    },
    erase: () => eraseCopies(needs, asideName),
  };
}

/** A purpose key just made is not in the list yet, and opens all the same. */
function wrapperOf(needs: KeyVaultNeeds, state: VaultState, parent: KeyRecord): ReturnType<typeof createWrapper> {
  return createWrapper(state.open(parent), needs.random);
}
