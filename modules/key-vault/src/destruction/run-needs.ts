import type { ByWhom } from '../key-life.ts';
import type { KeyVaultNeeds } from '../needs.ts';
import type { VaultState } from '../vault-state.ts';
import { withEntry } from './entries.ts';
import type { Said } from './entries.ts';
import { finalKeyIds } from './final-keys.ts';
import { heldKeyIds } from './holding.ts';
import type { JudgingFacts } from './judging-facts.ts';
import type { Intent, Section } from './section.ts';
import type { SetAside } from './set-aside.ts';
import type { DestructionStore } from './store.ts';
import type { Vouching } from './time-evidence.ts';

/** What is wanted of the outside before the run can go on. */
export type StepNeed =
  | { readonly kind: 'nothing' }
  /** A quorum's signatures over a tree that holds this entry. */
  | { readonly kind: 'fence'; readonly log: number; readonly index: number }
  /** The vault's file, stored elsewhere and read back from there. */
  | { readonly kind: 'export'; readonly generation: number };

export type StepInput = {
  /** Whether there is a place apart from this machine. */
  readonly hasOffSite: boolean;
  /** What was read back from there. */
  readonly exported?: { readonly sha256: string; readonly location: string; readonly generation: number } | undefined;
};

export type RunNeeds = {
  readonly vault: KeyVaultNeeds;
  readonly state: VaultState;
  readonly store: DestructionStore;
  readonly aside: SetAside;
  readonly send: () => Promise<void>;
  readonly facts: () => JudgingFacts;
  readonly rotateWithout: (without: ReadonlySet<string>, who: ByWhom) => Promise<void>;
  readonly requireSameMachine: () => void;
  /** Covers an entry of ours with a quorum's fresh signatures, or undefined. */
  readonly fenceOver: (log: number, index: number) => Vouching | undefined;
  /** These keys are beyond recall here. */
  readonly removed: (keyIds: readonly string[]) => void;
};

export const vaultItself = { id: 'vault', name: 'Key vault' };

export const idsOf = (intents: readonly Intent[]): ReadonlySet<string> => new Set(intents.map(({ id }) => id));

/** Edits some intents and, where given, writes down what is to be said of each. */
export function change(
  nowMs: number,
  ids: ReadonlySet<string>,
  edit: (intent: Intent) => Intent,
  said?: (intent: Intent) => Said,
): (section: Section) => Section {
  return (section) => {
    let next = { ...section, intents: section.intents.map((one) => (ids.has(one.id) ? edit(one) : one)) };
    for (const intent of next.intents)
      if (said !== undefined && ids.has(intent.id)) next = withEntry(next, nowMs, said(intent));
    return next;
  };
}

/** Keys held since the list was made final stay. The same object when there are none. */
export function withHeld({ store, state }: Pick<RunNeeds, 'store' | 'state'>, intent: Intent): Intent {
  const { holds } = store.get();
  const { records } = state.list();
  const held = finalKeyIds(intent).flatMap((keyId) => {
    const hold = holds.find((one) => heldKeyIds(one, records).includes(keyId));
    return hold === undefined ? [] : [{ keyId, why: 'held' as const, by: hold.id }];
  });
  return held.length === 0 ? intent : { ...intent, kept: [...intent.kept, ...held] };
}
