import type { PolicyLibraryNeeds } from './needs.ts';
import type { GivenNumbers } from './given-numbers.ts';
import { policyEvent } from './policy-event.ts';
import type { PolicyStore } from './policy-store.ts';

/**
 * At a start, before anything is put into force: versions that an earlier version of the product left unsealed are sealed as they stand, once, and
 * it is written down which those were; those that are not as they were sealed are told. What is kept outside the database says whether it was done.
 */
export async function takeOverEarlier(
  needs: Pick<PolicyLibraryNeeds, 'database' | 'outbox' | 'clock'>,
  {
    store,
    numbers,
    lastActivation,
  }: {
    readonly store: Pick<PolicyStore, 'takeOverEarlier' | 'versions' | 'highest'>;
    readonly numbers: GivenNumbers;
    readonly lastActivation: number;
  },
): Promise<void> {
  const by = { kind: 'system', id: 'server', name: 'server' } as const;
  const nowMs = needs.clock.nowMs();
  const highest = await needs.database.transaction().execute(async (transaction) => {
    if (await numbers.isFirst()) {
      const { sealed, refused, inForce } = await store.takeOverEarlier(transaction, lastActivation);
      if (sealed.length + refused.length > 0)
        await needs.outbox.record(
          transaction,
          policyEvent({
            nowMs,
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
  await numbers.note(highest);
  const { damaged } = await store.versions();
  if (damaged.length > 0)
    await needs.database.transaction().execute((transaction) =>
      needs.outbox.record(
        transaction,
        policyEvent({
          nowMs,
          by,
          action: 'damaged',
          target: {
            type: 'policy-version',
            id: damaged
              .map(({ version }) => version)
              .join(', ')
              .slice(0, 100),
          },
          details: { damaged: damaged.slice(0, 50).map(({ version, why }) => ({ version, why: why.slice(0, 300) })) },
        }),
      ),
    );
  await needs.outbox.flushed();
}
