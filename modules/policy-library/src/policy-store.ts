import type { Transaction } from '@sallyport/platform/database';
import { createDraftStore } from './draft-store.ts';
import { sealEarlierVersions } from './earlier-versions.ts';
import { createInForceStore } from './in-force-store.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import { createVersionStore } from './version-store.ts';

export type PolicyStore = ReturnType<typeof createPolicyStore>;

/** Policies in the control database. What changes is told inside the caller's transaction. Opening a row that somebody without the key changed throws. */
export function createPolicyStore(needs: SealedStoreNeeds) {
  const { textsOf, newest, add, ...versions } = createVersionStore(needs);
  const { named, bind, ...inForce } = createInForceStore(needs);
  return {
    ...createDraftStore(needs),
    ...versions,
    ...inForce,
    /** The highest number that stands anywhere. */
    highest: async (on: Transaction): Promise<number> => Math.max(await newest(on), await named(on)),
    add: async (on: Transaction, made: Parameters<typeof add>[1]): Promise<void> => add(on, made, await named(on)),
    /**
     * What an earlier version of the product left unsealed, sealed as it stands; once. `last`: how often policies were put into force, at least:
     * what stands in force below it was put back.
     */
    async takeOverEarlier(on: Transaction, last: number) {
      const standing = await inForce.standing(on).catch(() => ({ version: 0, activations: 0 }));
      const found = await sealEarlierVersions(needs, { textsOf, ...versions }, { on, inForce: standing.version });
      const made = found.sealed.find(({ version }) => version === standing.version);
      if (made !== undefined && standing.activations >= last) await bind(on, made);
      return { ...found, inForce: standing.version };
    },
  };
}
