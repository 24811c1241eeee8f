import type { Transaction } from '@sallyport/platform/database';
import { createDraftStore } from './draft-store.ts';
import { sealEarlierVersions } from './earlier-versions.ts';
import { InForceUnreadable } from './in-force-mark.ts';
import type { Standing } from './in-force-row.ts';
import { createInForceStore } from './in-force-store.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import { createVersionStore } from './version-store.ts';

export type PolicyStore = ReturnType<typeof createPolicyStore>;

/** Policies in the control database. What changes is told inside the caller's transaction. Opening a row that somebody without the key changed throws. */
export function createPolicyStore(needs: SealedStoreNeeds) {
  const { textsOf, newest, add, ...versions } = createVersionStore(needs);
  const { named, bind, ...inForce } = createInForceStore(needs);
  /** Version 0 where nobody can tell. */
  const standing = (on: Transaction): Promise<Standing> =>
    inForce.standing(on).catch((error: unknown) => {
      if (!(error instanceof InForceUnreadable)) throw error;
      return { version: 0, activations: 0 };
    });
  return {
    ...createDraftStore(needs),
    ...versions,
    ...inForce,
    /** The highest number that was sealed anywhere. */
    highest: async (on: Transaction): Promise<number> => Math.max(await newest(on), (await standing(on)).version),
    add: async (on: Transaction, made: Parameters<typeof add>[1]): Promise<void> => add(on, made, await named(on)),
    /**
     * What an earlier version of the product left unsealed, sealed as it stands; once. `last`: how often policies were put into force, at least:
     * what stands in force below it was put back. Where anything is of today's form it was done, at this server or another, and nothing is sealed.
     */
    async takeOverEarlier(on: Transaction, last: number) {
      const { version: stands, activations, digest } = await standing(on);
      const isOver = digest !== undefined || (await versions.versions(on)).read.length > 0;
      if (isOver) return { sealed: [], refused: [], inForce: stands };
      const found = await sealEarlierVersions(needs, { textsOf, ...versions }, { on, inForce: stands });
      const made = found.sealed.find(({ version }) => version === stands);
      if (made !== undefined && activations >= last) await bind(on, made);
      return { ...found, inForce: stands };
    },
  };
}
