import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import { messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { cbomOf } from './cbom.ts';
import type { CbomVersion } from './cbom-version.ts';
import { InventoryError } from './errors.ts';
import { gather } from './gather.ts';
import type { Gathered } from './gather.ts';
import type { InventoryNeeds } from './needs.ts';
import { readPolicy } from './policy.ts';
import type { InventoryPolicy } from './policy.ts';
import { createCbomCheck } from './validate-cbom.ts';
import { createWeaknessStore } from './weakness-store.ts';
import type { ToldWeakness } from './weakness-store.ts';
import { tellWeaknesses } from './weakness-watch.ts';

export type CryptoInventory = {
  /** As it was at most ten seconds ago. */
  look(): Promise<Gathered>;
  /** A CycloneDX document, checked against its schema. Throws `cbom_invalid` rather than handing out another. */
  cbom(version: CbomVersion): Promise<string>;
  /** What was told as weak or near its end and is not over. */
  standing(): Promise<readonly ToldWeakness[]>;
  policy(): Promise<InventoryPolicy>;
  /** Throws `inventory_policy_invalid`. */
  changePolicy(policy: InventoryPolicy, by: Principal): Promise<void>;
  /** Gathers anew and tells the ledger what changed for the worse or the better. Called at the start and once a day. */
  check(): Promise<void>;
  /** Resolves when no check runs. */
  settled(): Promise<void>;
};

const freshMs = 10_000;

export function createCryptoInventory(needs: InventoryNeeds): CryptoInventory {
  const { clock, database, outbox, log, product } = needs;
  const store = createWeaknessStore(database);
  const checkCbom = createCbomCheck();
  let newest: { readonly at: number; readonly gathered: Promise<Gathered> } | undefined;
  let checking: Promise<void> = Promise.resolve();

  const gatherNow = (): Promise<Gathered> => {
    const gathered = gather(needs);
    newest = { at: clock.monotonicMs(), gathered };
    return gathered;
  };
  const look = (): Promise<Gathered> =>
    newest === undefined || clock.monotonicMs() - newest.at > freshMs ? gatherNow() : newest.gathered;
  const policy = async (): Promise<InventoryPolicy> => readPolicy(await store.policy());

  async function checkOnce(): Promise<void> {
    const gathered = await gatherNow();
    for (const { source, reason } of gathered.unasked)
      log.warn('The inventory lacks what was not told', { source, reason });
    for (;;) {
      const { left } = await tellWeaknesses({ database, outbox, store }, gathered, await policy());
      if (left === 0) return;
    }
  }

  return {
    look,
    policy,
    standing: () => store.told(),
    async cbom(version) {
      const text = JSON.stringify(cbomOf(await look(), { version, product }));
      await checkCbom(text, version);
      return text;
    },
    async changePolicy(changed, by) {
      const sorted = { ...changed, certificate_days: changed.certificate_days.toSorted((a, b) => b - a) };
      if (new Set(sorted.certificate_days).size !== sorted.certificate_days.length)
        throw new InventoryError(
          'inventory_policy_invalid',
          'Cannot keep the policy: each number of days must be named once',
        );
      const event = auditEvent({
        nowMs: clock.nowMs(),
        actor: { kind: by.kind, id: by.id, name: by.name },
        action: 'inventory.policy',
        classUid: ocsfClass.entityManagement,
        activityId: 3,
        outcome: 'success',
        target: { type: 'setting', id: 'inventory-policy' },
        details: { ...sorted },
      });
      await database.transaction().execute(async (transaction) => {
        await store.writePolicy(transaction, JSON.stringify(sorted));
        await outbox.record(transaction, event);
      });
      await outbox.flushed();
    },
    check() {
      // One after the other: two at once would tell the same twice.
      const next = checking.then(checkOnce);
      checking = next.catch((error: unknown) =>
        log.warn('The inventory was not checked', { message: messageOf(error) }),
      );
      return next;
    },
    settled: () => checking,
  };
}
