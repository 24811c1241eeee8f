import { timingSafeEqual } from 'node:crypto';
import { KeyVaultError } from './errors.ts';
import { newPurposeKey } from './key-life.ts';
import { recordContext } from './key-record.ts';
import type { KeyEvent, KeyPurpose, KeyRecord } from './key-record.ts';
import type { VaultState } from './vault-state.ts';
import { createWrapper } from './wrapper.ts';
import type { Wrapper } from './wrapper.ts';

const batchKeys = 50;

/** Data keys on their way under new purpose keys: prepared a few at a time while the vault goes on, then taken at once. */
export type ReWrapping = {
  readonly total: number;
  /** Re-wraps everything there is now. `moved` is told how many are done. */
  prepare(pause: () => Promise<void>, moved: (done: number) => void): Promise<void>;
  /** The records as they have to be; what was made or changed since is re-wrapped now. */
  finish(records: readonly KeyRecord[]): {
    readonly records: readonly KeyRecord[];
    readonly made: readonly KeyRecord[];
  };
};

type PurposeKey = { readonly record: KeyRecord; readonly wrapper: Wrapper };

/**
 * New purpose keys and not the old ones wrapped again: whoever holds an older copy of wrapped data keys, erased ones too,
 * could open them under a purpose key that lived on.
 */
export function createReWrapping(
  state: VaultState,
  what: {
    readonly covers: (record: KeyRecord) => boolean;
    readonly event: KeyEvent;
    readonly random: (bytes: number) => Buffer;
    /** The epoch the new purpose keys hang under; the active one unless told. */
    readonly under?: { readonly epoch: number; readonly wrapper: Wrapper };
  },
): ReWrapping {
  const prepared = new Map<string, { readonly from: string; readonly record: KeyRecord }>();
  const purposes = new Map<KeyPurpose, PurposeKey>();
  const isMoved = (record: KeyRecord): boolean =>
    record.level === 'data' && record.state !== 'destroyed' && what.covers(record);

  const purposeKey = (purpose: KeyPurpose): PurposeKey => {
    const known = purposes.get(purpose);
    if (known !== undefined) return known;
    const version = (state.newest('purpose', purpose, '')?.version ?? 0) + 1;
    const { record, bytes } = newPurposeKey(
      state,
      { purpose, version, ...(what.under === undefined ? {} : { under: what.under }) },
      what.event,
    );
    const made = { record, wrapper: createWrapper(bytes, what.random) };
    purposes.set(purpose, made);
    return made;
  };
  const move = (record: KeyRecord): KeyRecord => {
    const parent = purposeKey(record.purpose);
    const bytes = state.open(record);
    const next = { ...record, parent: parent.record.id };
    const context = recordContext(state.vault, next);
    const wrapped = parent.wrapper.wrap(bytes, context);
    const again = parent.wrapper.unwrap(wrapped, context);
    if (!timingSafeEqual(again, bytes))
      throw new KeyVaultError('unseal_failed', `Cannot re-wrap key "${record.id}": it does not open again`);
    return { ...next, wrapped: wrapped.toString('base64') };
  };

  return {
    total: state.list().records.filter(isMoved).length,
    async prepare(pause, moved) {
      const waiting = state.list().records.filter(isMoved);
      for (let at = 0; at < waiting.length; at += batchKeys) {
        for (const record of waiting.slice(at, at + batchKeys))
          prepared.set(record.id, { from: record.wrapped, record: move(record) });
        moved(Math.min(at + batchKeys, waiting.length));
        await pause();
      }
    },
    finish(records) {
      const next = records.map((record) => {
        if (!isMoved(record)) return record;
        const known = prepared.get(record.id);
        // Its state may have changed since; only its place in the hierarchy is taken from what was prepared.
        if (known?.from !== record.wrapped) return move(record);
        return { ...record, parent: known.record.parent, wrapped: known.record.wrapped };
      });
      return { records: next, made: [...purposes.values()].map(({ record }) => record) };
    },
  };
}
