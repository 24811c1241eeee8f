import type { SealedStoreNeeds } from '@sallyport/policy-library';
import { createOwnDraftStore } from './own-draft-store.ts';
import { createOwnVersionStore } from './own-version-store.ts';

export type OwnStore = ReturnType<typeof createOwnStore>;

/** The organisation's policies for agents in the control database. Opening a row that somebody without the key changed throws. */
export function createOwnStore(needs: SealedStoreNeeds) {
  return { ...createOwnDraftStore(needs), ...createOwnVersionStore(needs) };
}
