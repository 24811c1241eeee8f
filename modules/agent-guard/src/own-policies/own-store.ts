import type { Database } from '@sallyport/platform/database';
import { createOwnDraftStore } from './own-draft-store.ts';
import { createOwnVersionStore } from './own-version-store.ts';

export type OwnStoreNeeds = {
  readonly database: Database;
  /** 32 secret bytes, the same at every start. */
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
};

export type OwnStore = ReturnType<typeof createOwnStore>;

/** The organisation's policies for agents in the control database. Opening a row that somebody without the key changed throws. */
export function createOwnStore(needs: OwnStoreNeeds) {
  return { ...createOwnDraftStore(needs), ...createOwnVersionStore(needs) };
}
