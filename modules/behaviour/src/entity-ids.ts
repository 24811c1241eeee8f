import { createHmac } from 'node:crypto';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { nameOf } from './signals.ts';
import type { EntityKind } from './signals.ts';

export type EntityIds = {
  /** The id of whoever is called so, cut as names in events are. */
  idOf(kind: EntityKind, name: string): string;
  /** Names that were erased may be among those remembered. */
  forget(): void;
};

const remembered = 5000;

/** Keyed hashes of names; the last few thousand are kept, since the same names come again and again. */
export function createIdCache(key: SealingKey): EntityIds {
  const known = new Map<string, string>();
  return {
    idOf(kind, name) {
      const text = `${kind}\u0000${nameOf(name)}`;
      const found = known.get(text);
      if (found !== undefined) return found;
      if (known.size >= remembered) known.clear();
      const id = createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
      known.set(text, id);
      return id;
    },
    forget: () => known.clear(),
  };
}
