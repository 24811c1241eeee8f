import type { PolicyLibraryNeeds } from './needs.ts';
import type { DamagedDraft } from './damaged-drafts.ts';
import type { DamagedVersion } from './damaged-rows.ts';
import { damageToTell } from './found-damage.ts';
import type { GivenNumbers } from './given-numbers.ts';
import { policyEvent } from './policy-event.ts';
import type { PolicyStore } from './policy-store.ts';

type Needs = Pick<PolicyLibraryNeeds, 'database' | 'outbox' | 'clock'>;

const by = { kind: 'system', id: 'server', name: 'server' } as const;

/**
 * Before anything is put into force: versions that an earlier version of the product left unsealed are sealed as they stand, once, and it is written
 * down which those were. What is kept outside the database says whether it was done. False where that cannot be read: then it is tried again.
 */
export async function takeOverEarlier(
  needs: Needs,
  {
    store,
    numbers,
    lastActivation,
  }: {
    readonly store: Pick<PolicyStore, 'takeOverEarlier' | 'highest'>;
    readonly numbers: GivenNumbers;
    readonly lastActivation: number;
  },
): Promise<boolean> {
  const done = await numbers.takenOver();
  if (done === 'unknown') return false;
  const highest = await needs.database.transaction().execute(async (transaction) => {
    if (done === 'no') {
      const { sealed, refused, inForce } = await store.takeOverEarlier(transaction, lastActivation);
      if (sealed.length + refused.length > 0)
        await needs.outbox.record(
          transaction,
          policyEvent({
            nowMs: needs.clock.nowMs(),
            by,
            action: 'seal',
            target: { type: 'policy-version', id: 'all' },
            details: {
              sealed: sealed.map(({ version, state, hash }) => ({ version, state, sha256: hash })),
              refused: refused.map(({ version, why }) => ({ version, why: why.slice(0, 300) })),
              in_force: inForce,
            },
          }),
        );
    }
    return store.highest(transaction);
  });
  await numbers.begin(highest);
  await needs.outbox.flushed();
  return true;
}

/** Versions and documents that somebody changed in the database, or that a disk damaged. */
export async function tellDamaged(
  needs: Needs,
  damaged: readonly DamagedVersion[],
  drafts: readonly DamagedDraft[],
): Promise<void> {
  const told = damageToTell(damaged, drafts);
  if (told === undefined) return;
  await needs.database.transaction().execute((transaction) =>
    needs.outbox.record(
      transaction,
      policyEvent({
        nowMs: needs.clock.nowMs(),
        by,
        action: 'damaged',
        target: { type: 'policy-version', id: told.id },
        details: told.details,
      }),
    ),
  );
  await needs.outbox.flushed();
}
