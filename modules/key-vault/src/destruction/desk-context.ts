import type { KeyVaultNeeds } from '../needs.ts';
import type { VaultState } from '../vault-state.ts';
import type { JudgingFacts } from './judging-facts.ts';
import type { DestructionNeeds } from './needs.ts';
import type { DestructionStore } from './store.ts';

/** What everything about destructions works on. */
export type DeskContext = {
  readonly vault: KeyVaultNeeds;
  readonly needs: DestructionNeeds;
  readonly state: VaultState;
  readonly store: DestructionStore;
  readonly nowMs: () => number;
  readonly facts: () => JudgingFacts;
  /** Brings what was written down into the ledger; an answer waits for it. */
  readonly send: () => Promise<void>;
};
