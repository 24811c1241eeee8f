import type { Gathered } from './gather.ts';
import type { InventoryNeeds } from './needs.ts';
import type { InventoryPolicy } from './policy.ts';
import { weaknessesOf } from './weakness.ts';
import { weaknessEvent } from './weakness-events.ts';
import type { WeaknessStore } from './weakness-store.ts';

/** At most so many are told of at one look; the next look tells the others. */
const mostAtOnce = 200;

/**
 * Tells the ledger what is weak or near its end: once for each asset and reason, again when it got worse, and once that it is
 * over. Row and event are one transaction. Must not run twice at once. How much was told.
 */
export async function tellWeaknesses(
  needs: Pick<InventoryNeeds, 'database' | 'outbox'> & { readonly store: WeaknessStore },
  gathered: Gathered,
  policy: InventoryPolicy,
): Promise<{ readonly told: number; readonly healed: number; readonly left: number }> {
  const { database, outbox, store } = needs;
  const { assets, sourceOf, unasked, atMs } = gathered;
  const before = new Map((await store.told()).map((one) => [keyOf(one.asset, one.reason), one]));
  const now = assets.flatMap((asset) => weaknessesOf(asset, policy, atMs).map((weakness) => ({ asset, weakness })));
  const silent = new Set(unasked.map(({ source }) => source));

  const worse = now.filter(({ asset, weakness }) => {
    const known = before.get(keyOf(asset.id, weakness.reason));
    return known === undefined || known.stage < weakness.stage;
  });
  const stands = new Set(now.map(({ asset, weakness }) => keyOf(asset.id, weakness.reason)));
  const healed = [...before.values()].filter(
    (one) => !stands.has(keyOf(one.asset, one.reason)) && !silent.has(one.source),
  );
  const byId = new Map(assets.map((asset) => [asset.id, asset]));

  for (const { asset, weakness } of worse.slice(0, mostAtOnce)) {
    const known = before.get(keyOf(asset.id, weakness.reason));
    const row = { ...weakness, asset: asset.id, source: sourceOf.get(asset.id) ?? '', sinceMs: known?.sinceMs ?? atMs };
    await database.transaction().execute(async (transaction) => {
      await store.keep(transaction, row);
      await outbox.record(transaction, weaknessEvent(atMs, { action: 'inventory.weak', asset, weakness }));
    });
  }
  for (const one of healed.slice(0, mostAtOnce)) {
    const asset = byId.get(one.asset) ?? { id: one.asset, name: one.asset, owner: one.source };
    await database.transaction().execute(async (transaction) => {
      await store.remove(transaction, one.asset, one.reason);
      await outbox.record(transaction, weaknessEvent(atMs, { action: 'inventory.healed', asset, weakness: one }));
    });
  }
  await outbox.flushed();
  const left = Math.max(0, worse.length - mostAtOnce) + Math.max(0, healed.length - mostAtOnce);
  return { told: Math.min(worse.length, mostAtOnce), healed: Math.min(healed.length, mostAtOnce), left };
}

function keyOf(asset: string, reason: string): string {
  return JSON.stringify([asset, reason]);
}
