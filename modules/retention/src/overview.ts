import type { DestructionOverview, ShownHold, ShownIntent } from '@sallyport/key-vault/server';
import type { SealedByKey } from '@sallyport/ledger';
import { dueKeys } from './expiry.ts';
import { expiryMs, parseDayLabel } from './day-keys.ts';
import type { DayKey } from './day-keys.ts';
import { minimumOf, ownClasses, recommendationFor } from './retention-profiles.ts';
import type { RetentionProfile } from './retention-profiles.ts';

/** One class with its clock. Days are receive days by ledger time, UTC. */
export type ClassView = {
  readonly name: string;
  readonly about: string;
  /** null: for ever. */
  readonly keepDays: number | null;
  readonly agreedAtMs: number | undefined;
  readonly minimumDays: number;
  readonly recommendedDays: number;
  readonly recommendedBecause: string;
  /** Shorter keepings that wait for signatures or time. */
  readonly waiting: readonly ShownIntent[];
  /** Kept now. Bytes are those of sealed blocks. */
  readonly kept: {
    readonly days: number;
    readonly events: number;
    readonly bytes: number;
    readonly oldestDay: string | undefined;
    readonly newestDay: string | undefined;
  };
  /** When the oldest day that nothing holds is past its time. */
  readonly nextExpiryMs: number | undefined;
  /** Days that are past their time and wait to be destroyed. */
  readonly dueDays: number;
  readonly heldDays: number;
  readonly erased: { readonly days: number; readonly events: number };
  readonly sources: readonly string[];
};

export function classViews(state: {
  readonly keys: readonly DayKey[];
  readonly sealed: readonly SealedByKey[];
  readonly overview: Pick<DestructionOverview, 'policies' | 'intents'>;
  readonly holds: readonly ShownHold[];
  readonly erased: readonly { readonly label: string; readonly events: number }[];
  readonly sources: ReadonlyMap<string, string>;
  readonly profiles: readonly RetentionProfile[];
  readonly nowMs: number;
}): ClassView[] {
  const { overview, sources } = state;
  const sealed = new Map(state.sealed.map((key) => [key.dataKeyId, key]));
  const heldKeyIds = new Set(state.holds.flatMap(({ keyIds }) => keyIds));
  const due = dueKeys({ ...state, policies: overview.policies, heldKeyIds });
  const minimumDays = minimumOf(state.profiles).days;
  const waiting = overview.intents.filter(({ kind, stage }) => kind === 'policy' && stage === 'proposed');
  const names = new Set([
    ...ownClasses,
    ...state.keys.map((key) => key.class),
    ...overview.policies.map((policy) => policy.class),
    ...sources.values(),
  ]);
  return [...names].map((name): ClassView => {
    const { keepDays: recommendedDays, about, because } = recommendationFor(name);
    const policy = overview.policies.find((one) => one.class === name);
    const keepDays = policy?.keepDays ?? null;
    const keys = state.keys.filter((key) => key.class === name && !key.isDestroyed);
    const days = [...new Set(keys.map(({ day }) => day))].toSorted();
    const free = keys.filter(({ id }) => !heldKeyIds.has(id)).map(({ day }) => day);
    const oldestFree = free.toSorted()[0];
    const gone = state.erased.filter(({ label }) => parseDayLabel(label)?.class === name);
    return {
      name,
      about,
      keepDays,
      agreedAtMs: policy?.agreedAtMs,
      minimumDays,
      recommendedDays,
      recommendedBecause: because,
      waiting: waiting.filter((intent) => intent.policy?.class === name),
      kept: {
        days: days.length,
        events: sumOf(keys, ({ id }) => sealed.get(id)?.events),
        bytes: sumOf(keys, ({ id }) => sealed.get(id)?.bytes),
        oldestDay: days[0],
        newestDay: days.at(-1),
      },
      nextExpiryMs: keepDays === null || oldestFree === undefined ? undefined : expiryMs(oldestFree, keepDays),
      dueDays: new Set(due.filter((key) => key.class === name).map(({ day }) => day)).size,
      heldDays: new Set(keys.filter(({ id }) => heldKeyIds.has(id)).map(({ day }) => day)).size,
      erased: {
        days: new Set(gone.map(({ label }) => label)).size,
        events: sumOf(gone, ({ events }) => events),
      },
      sources: [...sources].filter(([, given]) => given === name).map(([source]) => source),
    };
  });
}

function sumOf<Item>(items: readonly Item[], of: (item: Item) => number | undefined): number {
  return items.reduce((sum, item) => sum + (of(item) ?? 0), 0);
}
