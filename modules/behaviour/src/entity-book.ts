import { measured } from './entity.ts';
import type { Entity } from './entity.ts';

/** The entities in memory, bounded, with what changed since the last checkpoint. */
export type EntityBook = {
  get(id: string): Entity | undefined;
  /** Puts it last in the order of eviction and marks it as changed. */
  keep(id: string, entity: Entity): void;
  remove(id: string): void;
  entries(): IteratorObject<[string, Entity]>;
  size(): number;
  /** Entities forgotten for want of room, since the process started. */
  evicted(): number;
  takeChanges(): { readonly changed: readonly (readonly [string, Entity])[]; readonly removed: readonly string[] };
  restore(entities: readonly (readonly [string, Entity])[]): void;
};

/** With fewer events than this, or known for less than a day, an entity is a newcomer: a flood makes no old acquaintances. */
const settledEvents = 20;
const settledMs = 86_400_000;
/** Characters of all states; in memory they take two to three times as much. Twice what 10,000 ordinary entities need. */
const defaultSize = 160_000_000;

/**
 * When it is full, be it in number or in size, the newcomer seen longest ago goes: names made up by a sender displace each other, not who is known. A tenth of the room
 * is the newcomers' all the same, at the cost of the known ones seen longest ago: else nobody could become known again once it is full.
 */
export function createEntityBook(capacity: number, mostSize = defaultSize): EntityBook {
  const leastNewcomers = Math.max(1, Math.floor(capacity / 10));
  const settled = new Map<string, Entity>();
  const newcomers = new Map<string, Entity>();
  let changed = new Set<string>();
  let removed = new Set<string>();
  let evicted = 0;
  let turn = 0;
  let size = 0;
  let newcomersSize = 0;
  /** What each adds to them. */
  const sizes = new Map<string, { readonly size: number; readonly isNewcomer: boolean }>();

  function forgetSize(id: string): void {
    const before = sizes.get(id);
    if (before === undefined) return;
    size -= before.size;
    if (before.isNewcomer) newcomersSize -= before.size;
    sizes.delete(id);
  }

  function countSize(id: string, to: number): void {
    forgetSize(id);
    const isNewcomer = newcomers.has(id);
    sizes.set(id, { size: to, isNewcomer });
    size += to;
    if (isNewcomer) newcomersSize += to;
  }

  function drop(id: string): void {
    forgetSize(id);
    settled.delete(id);
    newcomers.delete(id);
    changed.delete(id);
    removed.add(id);
  }

  function place(id: string, entity: Entity): void {
    settled.delete(id);
    newcomers.delete(id);
    // Agents are named by this server's own records alone, and what they may do rests on what is known of them: nobody makes them up to displace.
    const isSettled =
      entity.kind === 'agent' ||
      (entity.events >= settledEvents && entity.lastSeenMs - entity.firstSeenMs >= settledMs);
    (isSettled ? settled : newcomers).set(id, entity);
  }

  return {
    get: (id) => settled.get(id) ?? newcomers.get(id),
    keep(id, entity) {
      entity.turn = turn += 1;
      place(id, entity);
      changed.add(id);
      removed.delete(id);
      countSize(id, measured(entity));
      while (settled.size + newcomers.size > capacity || size > mostSize) {
        const isCrowded = newcomers.size > leastNewcomers || newcomersSize > mostSize / 10 || settled.size === 0;
        const oldest = (isCrowded ? newcomers : settled).keys().next().value;
        // Never the one that is being looked at, which stands last.
        if (oldest === undefined || oldest === id) return;
        drop(oldest);
        evicted += 1;
      }
    },
    remove: drop,
    *entries() {
      yield* settled;
      yield* newcomers;
    },
    size: () => settled.size + newcomers.size,
    evicted: () => evicted,
    takeChanges() {
      const taken = {
        changed: [...changed].flatMap((id) => {
          const entity = settled.get(id) ?? newcomers.get(id);
          return entity === undefined ? [] : [[id, entity] as const];
        }),
        removed: [...removed],
      };
      changed = new Set();
      removed = new Set();
      return taken;
    },
    restore(entities) {
      settled.clear();
      newcomers.clear();
      sizes.clear();
      size = 0;
      newcomersSize = 0;
      turn = 0;
      changed = new Set();
      removed = new Set();
      for (const [id, entity] of entities.toSorted(([, a], [, b]) => a.turn - b.turn || a.lastSeenMs - b.lastSeenMs)) {
        place(id, entity);
        countSize(id, entity.size);
        turn = Math.max(turn, entity.turn);
      }
    },
  };
}
