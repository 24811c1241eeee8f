import type { Position } from '@sallyport/contracts';
import type { SensorLimits } from '../needs.ts';
import { createTurns } from '@sallyport/platform/turns';
import type { Turns } from '@sallyport/platform/turns';
import type { SensorState } from './sensor-state.ts';

/** The sensors in memory, as the store has them. Changes are prepared beside them and taken over once they are stored. */
export type Registry = {
  readonly sensors: ReadonlyMap<string, SensorState>;
  replace(sensors: Map<string, SensorState>): void;
  set(id: string, state: SensorState): void;
  delete(id: string): void;
  /** One after another: what is prepared on one state is stored before the next begins. */
  readonly inTurn: Turns;
};

export function createRegistry(): Registry {
  let sensors = new Map<string, SensorState>();
  return {
    get sensors() {
      return sensors;
    },
    replace(all) {
      sensors = all;
    },
    set: (id, state) => void sensors.set(id, state),
    delete: (id) => void sensors.delete(id),
    inTurn: createTurns(),
  };
}

/** Sensors as they will be after a range. */
export type Changes = {
  get(id: string): SensorState | undefined;
  set(id: string, state: SensorState): void;
  /** Whether one more of this API key's has room. */
  hasRoom(apiKeyId: string): boolean;
  /** The host of another sensor with this public key. */
  holderOf(publicKey: string, exceptId: string): string | undefined;
  size(): number;
  entries(): Iterable<readonly [string, SensorState]>;
};

export function createChanges(known: ReadonlyMap<string, SensorState>, limits: SensorLimits): Changes {
  const changed = new Map<string, SensorState>();
  let counts: Map<string, number> | undefined;

  /** Only when one is new, which is rare. */
  function perKey(): Map<string, number> {
    if (counts !== undefined) return counts;
    counts = new Map();
    for (const { firstApiKeyId } of known.values()) counts.set(firstApiKeyId, (counts.get(firstApiKeyId) ?? 0) + 1);
    return counts;
  }

  return {
    get: (id) => changed.get(id) ?? known.get(id),
    set(id, state) {
      if (!known.has(id) && !changed.has(id))
        perKey().set(state.firstApiKeyId, (perKey().get(state.firstApiKeyId) ?? 0) + 1);
      changed.set(id, state);
    },
    hasRoom(apiKeyId) {
      const all = [...perKey().values()].reduce((sum, count) => sum + count, 0);
      return all < limits.sensors && (perKey().get(apiKeyId) ?? 0) < limits.sensorsPerKey;
    },
    holderOf(publicKey, exceptId) {
      for (const sensors of [changed, known])
        for (const [id, state] of sensors) if (id !== exceptId && state.publicKey === publicKey) return state.host;
      return undefined;
    },
    size: () => changed.size,
    entries: () => changed,
  };
}

export function isSamePlace(a: Position, b: Position): boolean {
  return a.log === b.log && a.index === b.index;
}
