import { unwrapDayKey, wrapDayKey } from './sealing.ts';
import type { RecordingStore } from './recording-store.ts';

/** The keys of owners and days, kept wrapped. */
export type DayKeys = {
  /** Made when there is none yet; on disk before it is returned. */
  ensure(owner: string, day: number): Promise<Uint8Array>;
  /** Undefined when it was destroyed or never made. Throws when it does not open under the secret. */
  find(owner: string, day: number): Promise<Uint8Array | undefined>;
};

export function createDayKeys(needs: {
  readonly store: Pick<RecordingStore, 'dayKey' | 'addDayKey'>;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}): DayKeys {
  const { store, sealingKey } = needs;
  const find: DayKeys['find'] = async (owner, day) => {
    const wrapped = await store.dayKey(owner, day);
    return wrapped === undefined ? undefined : unwrapDayKey(sealingKey, { owner, day, wrapped });
  };
  return {
    find,
    async ensure(owner, day) {
      const known = await find(owner, day);
      if (known !== undefined) return known;
      await store.addDayKey(owner, day, wrapDayKey(needs, { owner, day, key: needs.random(32) }));
      const made = await find(owner, day);
      if (made === undefined) throw new Error('Cannot make the key of a day: it is gone as soon as it was written');
      return made;
    },
  };
}
