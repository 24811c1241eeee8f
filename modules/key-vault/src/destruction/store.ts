import { KeyVaultError } from '../errors.ts';
import type { VaultState } from '../vault-state.ts';
import { withEntry } from './entries.ts';
import type { Said } from './entries.ts';
import { emptySection } from './section.ts';
import type { Moment, Section } from './section.ts';
import type { DestructionNeeds } from './needs.ts';

/** Time between two looks at the clock is credited up to this: what lies between longer pauses was not seen. */
const longestStepMs = 20 * 60_000;

/** What the vault holds about destructions, and the time it has been seen running. */
export type DestructionStore = {
  get(): Section;
  /** Both copies hold the change when it returns. */
  update(change: (section: Section) => Section): void;
  /** As `update`, for whoever writes the list for another reason at the same time. */
  current(section: Section): Section;
  observedMs(): number;
  /** Now, to be recorded by the entry of this sequence. */
  moment(sequence: number): Moment;
  /** A shorter waiting time, or other witnesses, take effect when they have been known for the present waiting time. */
  settle(): void;
};

export function createDestructionStore(
  state: VaultState,
  needs: DestructionNeeds & { readonly nowMs: () => number },
): DestructionStore {
  const saved = (): Section => state.list().destruction ?? emptySection(needs.rules.waitMs);
  let lastLookMs = needs.running.monotonicMs();
  let observedMs = saved().observedMs;

  const look = (): number => {
    const nowMs = needs.running.monotonicMs();
    observedMs += Math.min(Math.max(0, nowMs - lastLookMs), longestStepMs);
    lastLookMs = nowMs;
    return observedMs;
  };
  const current = (section: Section): Section => ({ ...section, observedMs: Math.floor(look()) });
  const update: DestructionStore['update'] = (change) => {
    state.commit({ list: { ...state.list(), destruction: current(change(saved())) } });
  };

  return {
    get: saved,
    update,
    current,
    observedMs: look,
    moment: (sequence) => ({ atMs: needs.nowMs(), observedMs: Math.floor(look()), sequence, vouched: [] }),
    settle() {
      const now = look();
      const section = saved();
      const next = withWait(withWitnesses(section, now), needs.rules.waitMs, now);
      if (next === section) return;
      const isSaid = next.waitMs === section.waitMs && next.nextWait === section.nextWait;
      update(() => (isSaid ? next : withEntry(next, needs.nowMs(), waitSaid(state.vault, next))));
    },
  };
}

function withWitnesses(section: Section, observedMs: number): Section {
  const { nextWitnesses, waitMs } = section;
  if (nextWitnesses === undefined || observedMs - nextWitnesses.sinceObservedMs < waitMs) return section;
  const { witnesses: _, nextWitnesses: __, ...rest } = section;
  return nextWitnesses.keys.length === 0 ? rest : { ...rest, witnesses: nextWitnesses };
}

/** Longer at once; shorter at once only while nobody could have relied on it. */
function withWait(section: Section, askedMs: number, observedMs: number): Section {
  const { nextWait, waitMs } = section;
  if (askedMs === waitMs) return nextWait === undefined ? section : withoutNext(section);
  if (askedMs > waitMs || section.founders.length === 0) return { ...withoutNext(section), waitMs: askedMs };
  if (nextWait?.waitMs !== askedMs) return { ...section, nextWait: { waitMs: askedMs, sinceObservedMs: observedMs } };
  return observedMs - nextWait.sinceObservedMs < waitMs ? section : { ...withoutNext(section), waitMs: askedMs };
}

function waitSaid(vault: string, { waitMs, nextWait }: Section): Said {
  const hours = (nextWait?.waitMs ?? waitMs) / 3_600_000;
  return {
    action: 'vault.wait_changed',
    message: `A destruction waits ${hours} hours ${nextWait === undefined ? 'from now on' : 'when the present waiting time has passed'}`,
    by: { id: 'server' },
    target: { type: 'vault', id: vault },
    details: { hours, counts_at_once: nextWait === undefined },
  };
}

function withoutNext(section: Section): Section {
  const { nextWait: _, ...rest } = section;
  return rest;
}

export function refusal(message: string, hint?: string): KeyVaultError {
  return new KeyVaultError('destruction_refused', message, hint === undefined ? {} : { hint });
}
