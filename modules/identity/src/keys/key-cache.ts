import type { Clock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import type { StoredKey } from './key-store.ts';

/** How long a revocation by another server on the same database, or a change of its maker there, can go unnoticed. Our own take effect at once. */
const maxAgeMs = 5000;

/** With the person behind it; undefined of the operator's. */
export type KnownKey = StoredKey & { readonly maker?: Principal };

export type KeyCache = {
  /** Reads through: `read` runs unless the key is remembered. */
  load(id: string, read: () => Promise<KnownKey | undefined>): Promise<KnownKey | undefined>;
  /** From now on the key is read again, also when a read of it has already begun. */
  forget(id: string): void;
  forgetAll(): void;
};

/** Keys read lately, so that a request does not wait for the database. Bounded: the key used longest ago goes first. */
export function createKeyCache(clock: Clock, maxKeys: number): KeyCache {
  const remembered = new Map<string, { key: KnownKey; readAtMs: number }>();
  let changes = 0;
  return {
    async load(id, read) {
      const entry = remembered.get(id);
      remembered.delete(id);
      if (entry !== undefined && clock.monotonicMs() - entry.readAtMs < maxAgeMs) {
        remembered.set(id, entry);
        return entry.key;
      }
      const changesBefore = changes;
      const readAtMs = clock.monotonicMs();
      const key = await read();
      // What was read before a revocation must not be remembered after it.
      if (key === undefined || changesBefore !== changes) return key;
      remembered.set(id, { key, readAtMs });
      for (const oldest of remembered.keys()) {
        if (remembered.size <= maxKeys) break;
        remembered.delete(oldest);
      }
      return key;
    },
    forget(id) {
      changes += 1;
      remembered.delete(id);
    },
    forgetAll() {
      changes += 1;
      remembered.clear();
    },
  };
}
