import type { ChainedCount } from './group-state.ts';

/** What few groups have beside their rows. */
export type GroupExtra = {
  /** Times at which it was told, in order, as long as they may keep a match from being told. */
  told: number[];
  /** What was counted of the window that is open before its rows were let go. */
  folded: { startMs: number; count: number; sum: number } | undefined;
  /** Where a match that comes with the end of the window counts on, as it was given. */
  chained: readonly ChainedCount[];
  /** The same for the events of rows that count on elsewhere, by their names. */
  otherChained: Map<string, readonly ChainedCount[]> | undefined;
  /** Event of a row → the events that the match it stands for rests on. */
  bases: Map<string, readonly number[]> | undefined;
};

/** The groups of one correlation, in shards by their key so that none grows all at once. */
export type GroupShards = {
  readonly ordinal: number;
  readonly shards: readonly Map<string, number>[];
  /** For each size (a power of two) the group touched longest ago and the one touched last; -1: none. */
  readonly oldest: Int32Array;
  readonly newest: Int32Array;
  /** How many groups there are of each size. */
  readonly ofSize: Int32Array;
  groups: number;
};

export const sizes = 16;
const shardCount = 16;

export function createGroupShards(ordinal: number): GroupShards {
  return {
    ordinal,
    shards: Array.from({ length: shardCount }, () => new Map<string, number>()),
    oldest: new Int32Array(sizes).fill(-1),
    newest: new Int32Array(sizes).fill(-1),
    ofSize: new Int32Array(sizes),
    groups: 0,
  };
}

/**
 * All groups, in columns: 44 bytes each beside its key. Groups of a correlation are chained by size and, within, by the time they were last touched, so that
 * what goes first is found without looking for it.
 */
export type GroupTable = {
  find(of: GroupShards, key: string): number | undefined;
  create(of: GroupShards, key: string): number;
  remove(of: GroupShards, slot: number): void;
  /** Puts the group at the end of the groups of its size. */
  touch(of: GroupShards, slot: number, touchedMs: number): void;
  keyOf(slot: number): string;
  /** -1: the slot is free. */
  ordinalOf(slot: number): number;
  extraOf(slot: number): GroupExtra | undefined;
  withExtra(slot: number): GroupExtra;
  dropExtra(slot: number): void;
  readonly columns: GroupColumns;
  groups(): number;
  bytes(): number;
};

export type GroupColumns = {
  address: Uint32Array;
  sizeClass: Int8Array;
  /** Rows lie in [from, from + count) of the region. */
  from: Uint16Array;
  count: Uint16Array;
  touchedMs: Float64Array;
  /** When the group is looked at next, where it waits for that. */
  dueMs: Float64Array;
  previous: Int32Array;
  following: Int32Array;
  ordinal: Int16Array;
  size: Int8Array;
  /** 1: has an extra. 2: changed since it was saved. 4: was saved. 8: of what was saved the watermark alone says that some is over. */
  flags: Uint8Array;
};

export const groupFlags = { extra: 1, changed: 2, saved: 4, outdated: 8 } as const;

function columnsOf(capacity: number): GroupColumns {
  return {
    address: new Uint32Array(capacity),
    sizeClass: new Int8Array(capacity),
    from: new Uint16Array(capacity),
    count: new Uint16Array(capacity),
    touchedMs: new Float64Array(capacity),
    dueMs: new Float64Array(capacity),
    previous: new Int32Array(capacity),
    following: new Int32Array(capacity),
    ordinal: new Int16Array(capacity),
    size: new Int8Array(capacity),
    flags: new Uint8Array(capacity),
  };
}

export function createGroupTable(): GroupTable {
  let capacity = 1024;
  const columns = columnsOf(capacity);
  const keys: string[] = [];
  const freeSlots: number[] = [];
  const extras = new Map<number, GroupExtra>();
  let used = 0;

  function grow(): void {
    const wider = columnsOf(capacity * 2);
    wider.address.set(columns.address);
    wider.sizeClass.set(columns.sizeClass);
    wider.from.set(columns.from);
    wider.count.set(columns.count);
    wider.touchedMs.set(columns.touchedMs);
    wider.dueMs.set(columns.dueMs);
    wider.previous.set(columns.previous);
    wider.following.set(columns.following);
    wider.ordinal.set(columns.ordinal);
    wider.size.set(columns.size);
    wider.flags.set(columns.flags);
    Object.assign(columns, wider);
    capacity *= 2;
  }

  function shardOf(of: GroupShards, key: string): Map<string, number> {
    const shard = of.shards[key.charCodeAt(key.length - 1) & (shardCount - 1)] ?? of.shards[0];
    if (shard === undefined) throw new TypeError('There are no shards');
    return shard;
  }

  function unlink(of: GroupShards, slot: number): void {
    const { previous, following, size } = columns;
    const before = previous[slot] ?? -1;
    const after = following[slot] ?? -1;
    const list = size[slot] ?? 0;
    of.ofSize[list] = (of.ofSize[list] ?? 0) - 1;
    if (before >= 0) following[before] = after;
    else of.oldest[list] = after;
    if (after >= 0) previous[after] = before;
    else of.newest[list] = before;
  }

  function link(of: GroupShards, slot: number, list: number): void {
    const last = of.newest[list] ?? -1;
    columns.size[slot] = list;
    of.ofSize[list] = (of.ofSize[list] ?? 0) + 1;
    columns.previous[slot] = last;
    columns.following[slot] = -1;
    if (last >= 0) columns.following[last] = slot;
    else of.oldest[list] = slot;
    of.newest[list] = slot;
  }

  function dropExtra(slot: number): void {
    extras.delete(slot);
    columns.flags[slot] = (columns.flags[slot] ?? 0) & ~groupFlags.extra;
  }

  return {
    columns,
    find: (of, key) => shardOf(of, key).get(key),
    create(of, key) {
      let slot = freeSlots.pop();
      if (slot === undefined) {
        slot = used;
        used += 1;
        if (slot >= capacity) grow();
      }
      keys[slot] = key;
      columns.sizeClass[slot] = -1;
      columns.from[slot] = 0;
      columns.count[slot] = 0;
      columns.ordinal[slot] = of.ordinal;
      columns.flags[slot] = 0;
      columns.dueMs[slot] = Infinity;
      link(of, slot, 0);
      shardOf(of, key).set(key, slot);
      of.groups += 1;
      return slot;
    },
    remove(of, slot) {
      unlink(of, slot);
      const key = keys[slot] ?? '';
      shardOf(of, key).delete(key);
      keys[slot] = '';
      dropExtra(slot);
      columns.ordinal[slot] = -1;
      freeSlots.push(slot);
      of.groups -= 1;
    },
    touch(of, slot, touchedMs) {
      const matches = columns.count[slot] ?? 0;
      // One that was told is worth keeping: it would be told again.
      const list = Math.min(sizes - 1, matches === 0 ? 1 : 32 - Math.clz32(matches));
      columns.touchedMs[slot] = touchedMs;
      if (of.newest[list] === slot && columns.size[slot] === list) return;
      unlink(of, slot);
      link(of, slot, list);
    },
    keyOf: (slot) => keys[slot] ?? '',
    ordinalOf: (slot) => (slot < used ? (columns.ordinal[slot] ?? -1) : -1),
    extraOf: (slot) => (((columns.flags[slot] ?? 0) & groupFlags.extra) === 0 ? undefined : extras.get(slot)),
    withExtra(slot) {
      const known = extras.get(slot);
      if (known !== undefined) return known;
      const made: GroupExtra = { told: [], folded: undefined, chained: [], otherChained: undefined, bases: undefined };
      extras.set(slot, made);
      columns.flags[slot] = (columns.flags[slot] ?? 0) | groupFlags.extra;
      return made;
    },
    dropExtra,
    groups: () => used - freeSlots.length,
    bytes: () => capacity * 44,
  };
}
