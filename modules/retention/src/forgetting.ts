import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import { createForgettingStore } from './forgetting-store.ts';
import type { ErasedKey } from './forgetting-store.ts';
import type { Keeper, RetentionNeeds } from './needs.ts';
import { retentionItself } from './retention-event.ts';

/** Those who have not forgotten yet, and why, as far as it is known. */
export type Waiting = { readonly keeper: string; readonly error: string | undefined };

/**
 * After keys were destroyed, whoever keeps copies of what they had sealed forgets them too. Each answers with a receipt, kept in the
 * control database; what a stop or a failure interrupted goes on at the next start or a minute later. What the vault calls destroyed
 * and nobody here knows of, as after a restore of the control database, is forgotten again.
 */
export type Forgetting = {
  /** One look at what is destroyed and not forgotten; those asked for while one is under way are one. Never throws. */
  catchUp(): Promise<void>;
  /** Resolves once no look is under way. */
  settled(): Promise<void>;
  list(limit: number): Promise<readonly (ErasedKey & { readonly waiting: readonly Waiting[] })[]>;
  totals(): Promise<readonly { readonly label: string; readonly events: number }[]>;
};

const atOnce = 10_000;

export function createForgetting(
  needs: Pick<
    RetentionNeeds,
    'database' | 'outbox' | 'clock' | 'log' | 'ledger' | 'destructions' | 'keepers' | 'prune'
  >,
): Forgetting {
  const { database, outbox, clock, log, ledger, destructions } = needs;
  const store = createForgettingStore(database);
  const inTurn = createTurns();
  const errors = new Map<string, string>();
  let waiting: Promise<void> | undefined;
  // First of all the process that has opened blocks under these keys.
  const keepers: readonly Keeper[] = [
    {
      name: 'ledger',
      forget: async ({ keyIds }) => {
        await ledger.forgetSealed(keyIds);
        return 0;
      },
    },
    ...needs.keepers,
  ];

  async function noteDestroyed(): Promise<void> {
    const known = await store.knownIds();
    const fresh = (await destructions.destroyedKeys()).filter(
      ({ id, purpose }) => purpose === 'block-data' && !known.has(id),
    );
    if (fresh.length === 0) return;
    const sealed = new Map((await ledger.sealedKeys()).map((key) => [key.dataKeyId, key.events]));
    for (const { id, label, atMs } of fresh) await store.note({ id, label, atMs, events: sealed.get(id) ?? 0 });
  }

  /** Gives the logs in which everybody has forgotten what the key had sealed; none while somebody has not. */
  async function forgetKey(key: ErasedKey): Promise<readonly number[]> {
    const ranges = await ledger.sealedRanges(key.keyId);
    const receipts = new Map(key.receipts.map((receipt) => [receipt.keeper, receipt]));
    for (const keeper of keepers) {
      if (receipts.has(keeper.name)) continue;
      try {
        const changed = await keeper.forget({ keyIds: [key.keyId], ranges });
        const receipt = { keeper: keeper.name, changed, atMs: clock.nowMs() };
        await store.receipt(key.keyId, receipt);
        receipts.set(keeper.name, receipt);
        errors.delete(keeper.name);
      } catch (error) {
        // One that is away holds up no other; it is asked again.
        errors.set(keeper.name, messageOf(error));
        log.warn('What was erased is not forgotten everywhere yet', {
          keeper: keeper.name,
          key: key.label,
          message: messageOf(error),
        });
      }
    }
    if (!keepers.every(({ name }) => receipts.has(name))) return [];
    const nowMs = clock.nowMs();
    const event = auditEvent({
      nowMs,
      actor: retentionItself,
      action: 'retention.forgotten',
      classUid: ocsfClass.entityManagement,
      activityId: 4,
      outcome: 'success',
      target: { type: 'key', id: key.keyId, name: key.label },
      details: {
        entries: key.events,
        receipts: [...receipts.values()].map(({ keeper, changed, atMs }) => ({ keeper, changed, at_ms: atMs })),
      },
    });
    await database.transaction().execute(async (transaction) => {
      await store.finish(transaction, key.keyId, nowMs);
      await outbox.record(transaction, event);
    });
    await outbox.flushed();
    return ranges.map((range) => range.log);
  }

  async function look(): Promise<void> {
    await noteDestroyed();
    const logs = new Set<number>();
    for (const key of await store.unfinished(atOnce)) for (const number of await forgetKey(key)) logs.add(number);
    if (logs.size > 0) await needs.prune?.([...logs]);
  }

  return {
    catchUp() {
      waiting ??= inTurn(async () => {
        // Whoever asks from here on has a look of their own.
        waiting = undefined;
        await look();
      }).catch((error: unknown) => log.warn('Nobody looked at what is to be forgotten', { message: messageOf(error) }));
      return waiting;
    },
    settled: () => inTurn(async () => undefined),
    list: async (limit) =>
      (await store.list(limit)).map((key) => ({
        ...key,
        waiting:
          key.forgottenAtMs === undefined
            ? keepers
                .filter(({ name }) => !key.receipts.some(({ keeper }) => keeper === name))
                .map(({ name }) => ({ keeper: name, error: errors.get(name) }))
            : [],
      })),
    totals: () => store.totals(),
  };
}
