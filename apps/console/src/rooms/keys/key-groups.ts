import { labelParts } from './key-words.ts';
import type { Provider, Vault, VaultKey } from './vault-query.ts';

/** Data keys that belong together: a class of blocks with a key a day, or all names of one purpose. */
export type KeyGroup = {
  /** `block-data/events`, `secret`. */
  readonly id: string;
  readonly purpose: string;
  /** The class of blocks; empty where a purpose has no classes. */
  readonly name: string;
  /** Oldest day first, then by version; names in their order. */
  readonly keys: readonly VaultKey[];
  readonly firstDay: string | undefined;
  readonly lastDay: string | undefined;
};

/** A purpose with every key that ever was its key, the newest first. */
export type PurposeBranch = {
  readonly purpose: string;
  readonly newest: VaultKey;
  readonly versions: readonly VaultKey[];
  readonly groups: readonly KeyGroup[];
};

export type Hierarchy = {
  readonly providers: readonly Provider[];
  /** The newest first: those that still wrap or may open something. */
  readonly epochs: readonly VaultKey[];
  /** Older ones, that the picture only counts. */
  readonly olderEpochs: readonly VaultKey[];
  readonly purposes: readonly PurposeBranch[];
};

const mostEpochs = 4;

/** The vault as a tree, from the providers down to groups of data keys. */
export function hierarchyOf({ keys, providers }: Pick<Vault, 'keys' | 'providers'>): Hierarchy {
  const epochs = keys.filter(({ level }) => level === 'epoch').toSorted((a, b) => b.version - a.version);
  const drawn = epochs.filter(({ state }, at) => at === 0 || state !== 'destroyed').slice(0, mostEpochs);
  const purposes = [...new Set(keys.flatMap(({ level, purpose }) => (level === 'epoch' ? [] : [purpose ?? ''])))];
  return {
    providers: providers.toSorted((a, b) => Number(b.isUsed) - Number(a.isUsed)),
    epochs: drawn,
    olderEpochs: epochs.filter((epoch) => !drawn.includes(epoch)),
    purposes: purposes
      .flatMap((purpose) => {
        const versions = keys
          .filter((key) => key.level === 'purpose' && key.purpose === purpose)
          .toSorted((a, b) => b.version - a.version);
        const [newest] = versions;
        return newest === undefined ? [] : [{ purpose, newest, versions, groups: groupsOf(keys, purpose) }];
      })
      .toSorted((a, b) => rankOf(a.purpose) - rankOf(b.purpose)),
  };
}

function groupsOf(keys: readonly VaultKey[], purpose: string): KeyGroup[] {
  const found = new Map<string, VaultKey[]>();
  for (const key of keys) {
    if (key.level !== 'data' || key.purpose !== purpose) continue;
    const name = purpose === 'block-data' ? labelParts(key.label).group : '';
    found.set(name, [...(found.get(name) ?? []), key]);
  }
  return [...found]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, members]) => {
      const sorted = members.toSorted((a, b) => a.label.localeCompare(b.label) || a.version - b.version);
      return {
        id: name === '' ? purpose : `${purpose}/${name}`,
        purpose,
        name,
        keys: sorted,
        firstDay: labelParts(sorted[0]?.label ?? '').day,
        lastDay: labelParts(sorted.at(-1)?.label ?? '').day,
      };
    });
}

const order = ['block-data', 'subject-page', 'log-signing', 'stream-name', 'secret'];

function rankOf(purpose: string): number {
  const at = order.indexOf(purpose);
  return at === -1 ? order.length : at;
}

/** Every version of the same thing, the newest first. */
export function versionsOf(keys: readonly VaultKey[], key: VaultKey): VaultKey[] {
  return keys
    .filter((other) => other.level === key.level && other.purpose === key.purpose && other.label === key.label)
    .toSorted((a, b) => b.version - a.version);
}

/** So many keys in their order: those that need care are never left out for others, then the newest. */
export function shownCells<Key extends Pick<VaultKey, 'state'>>(keys: readonly Key[], room: number): Key[] {
  const needsCare = ({ state }: Key): boolean => state === 'compromised' || state === 'suspended';
  const careful = keys.filter(needsCare).slice(-room);
  const others = keys.filter((key) => !needsCare(key));
  const kept = new Set([...careful, ...others.slice(Math.max(0, others.length - (room - careful.length)))]);
  return keys.filter((key) => kept.has(key));
}
