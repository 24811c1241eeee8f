import { withEntry } from './entries.ts';
import type { DestructionNeeds } from './needs.ts';
import type { Section, WitnessSetting } from './section.ts';
import { refusal } from './store.ts';
import type { DestructionStore } from './store.ts';
import { identityOf, readCosigned, timeEvidence, withVouching } from './time-evidence.ts';
import type { Evidence, Vouching } from './time-evidence.ts';

/** What witnesses have signed since this process started. */
export type Vouchings = {
  hear(said: {
    readonly keys: readonly string[];
    readonly needed: number;
    readonly checkpoint: string | undefined;
  }): void;
  evidence(now: { readonly atMs: number; readonly observedMs: number }): Evidence;
  /** The newest that as many witnesses as it takes have signed over a tree with this entry. */
  fenceOver(log: number, index: number): Vouching | undefined;
};

const kept = 20;
const maxWitnesses = 99;

export function createVouchings({
  vault,
  store,
  records,
  nowMs,
}: {
  /** Its id. */
  readonly vault: string;
  readonly nowMs: () => number;
  readonly store: DestructionStore;
  readonly records: DestructionNeeds['records'];
}): Vouchings {
  let heard: Vouching[] = [];

  /** Others than those in force are noted, and take their place after the waiting time; at once while nobody is enrolled. */
  function note(keys: readonly string[], needed: number): void {
    const { witnesses, nextWitnesses, founders } = store.get();
    const asked: WitnessSetting = {
      keys: keys.toSorted(),
      needed: keys.length === 0 ? 0 : needed,
      sinceObservedMs: Math.floor(store.observedMs()),
    };
    if (isSame(asked, nextWitnesses ?? witnesses)) return;
    const isAtOnce = founders.length === 0 || isSame(asked, witnesses);
    store.update((before) => {
      const { nextWitnesses: _, witnesses: present, ...section } = before;
      const standing = present === undefined ? section : { ...section, witnesses: present };
      const noted = (): Section => {
        if (isSame(asked, present)) return standing;
        if (founders.length === 0) return asked.keys.length === 0 ? section : { ...section, witnesses: asked };
        return { ...standing, nextWitnesses: asked };
      };
      return withEntry(noted(), nowMs(), {
        action: 'vault.witnesses_changed',
        message: `Time is vouched for by ${asked.needed} of ${asked.keys.length} witnesses ${isAtOnce ? 'from now on' : 'after the waiting time'}`,
        by: { id: 'server' },
        target: { type: 'vault', id: vault },
        details: { witnesses: [...asked.keys], needed: asked.needed, counts_at_once: isAtOnce },
      });
    });
  }

  return {
    hear({ keys, needed, checkpoint }) {
      const distinct = new Set(keys.map(identityOf));
      if (
        distinct.size !== keys.length ||
        keys.length > maxWitnesses ||
        (keys.length > 0 && (needed < 1 || needed > keys.length))
      )
        throw refusal('Cannot use these witnesses: each must have a key of its own, and enough of them must be needed');
      note(keys, needed);
      if (checkpoint === undefined || heard.some((one) => one.checkpoint === checkpoint)) return;
      const { witnesses, nextWitnesses } = store.get();
      const read = readCosigned(checkpoint, [...(witnesses?.keys ?? []), ...(nextWitnesses?.keys ?? [])]);
      const log = read === undefined ? undefined : records.logOf(read);
      if (read === undefined || log === undefined || read.times.length === 0) return;
      const vouching = { log, size: read.treeSize, times: read.times, checkpoint };
      heard = [...heard.slice(1 - kept), vouching];
      const next = withVouching(store.get(), vouching);
      if (next !== store.get()) store.update(() => next);
    },
    evidence: (now) => timeEvidence(store.get(), now, heard),
    fenceOver(log, index) {
      const { witnesses } = store.get();
      if (witnesses === undefined) return undefined;
      const known = new Set(witnesses.keys.map(identityOf));
      return heard.findLast(
        (one) =>
          one.log === log &&
          one.size > index &&
          new Set(one.times.filter(({ by }) => known.has(by)).map(({ by }) => by)).size >=
            Math.max(1, witnesses.needed),
      );
    },
  };
}

function isSame(one: WitnessSetting, other: WitnessSetting | undefined): boolean {
  if (other === undefined) return one.keys.length === 0;
  return one.needed === other.needed && one.keys.join('\n') === other.keys.join('\n');
}
