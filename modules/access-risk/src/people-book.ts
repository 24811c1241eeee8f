import { createHmac } from 'node:crypto';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import type { State } from './state.ts';

/** Everybody of whom something is known, in memory and bounded, with what changed since the last checkpoint. */
export type PeopleBook = {
  get(id: string): State | undefined;
  /** Marks it as changed, and as the one heard of last. */
  keep(id: string, state: State): void;
  remove(id: string): void;
  entries(): IteratorObject<[string, State]>;
  size(): number;
  /** Forgotten for want of room, since the process started. */
  evicted(): number;
  takeChanges(): { readonly changed: readonly (readonly [string, State])[]; readonly removed: readonly string[] };
  restore(states: readonly (readonly [string, State])[]): void;
};

/**
 * Only accounts, keys and services that exist come in, so no stranger fills it. When it is full the one heard of longest ago goes, and is
 * as new when they come again.
 */
export function createPeopleBook(capacity: number): PeopleBook {
  let states = new Map<string, State>();
  let changed = new Set<string>();
  let removed = new Set<string>();
  let evicted = 0;

  function drop(id: string): void {
    if (!states.delete(id)) return;
    changed.delete(id);
    removed.add(id);
  }

  return {
    get: (id) => states.get(id),
    keep(id, state) {
      states.delete(id);
      states.set(id, state);
      changed.add(id);
      removed.delete(id);
      const oldest = states.keys().next().value;
      if (states.size <= capacity || oldest === undefined) return;
      drop(oldest);
      evicted += 1;
    },
    remove: drop,
    entries: () => states.entries(),
    size: () => states.size,
    evicted: () => evicted,
    takeChanges() {
      const taken = {
        changed: [...changed].flatMap((id) => {
          const state = states.get(id);
          return state === undefined ? [] : [[id, state] as const];
        }),
        removed: [...removed],
      };
      changed = new Set();
      removed = new Set();
      return taken;
    },
    restore(saved) {
      states = new Map(saved.toSorted(([, a], [, b]) => a.lastMs - b.lastMs));
      changed = new Set();
      removed = new Set();
    },
  };
}

/** A keyed hash: what stands beside the sealed rows says nothing of whom they are about. */
export function rowId(key: SealingKey, kind: State['kind'], id: string): string {
  return createHmac('sha256', key).update(`${kind}\u0000${id}`).digest('hex').slice(0, 32);
}
