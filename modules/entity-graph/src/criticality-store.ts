import { createHmac } from 'node:crypto';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { createCriticalityTable } from './migrations/0001-create-criticality.ts';

export const assetKinds = ['person', 'host', 'device', 'camera', 'site'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** How much depends on it, from the least. */
export const criticalityLevels = ['low', 'normal', 'high', 'crown_jewel'] as const;
export type CriticalityLevel = (typeof criticalityLevels)[number];

/** What somebody said of an asset. */
export type SetCriticality = {
  readonly kind: AssetKind;
  /** As it was written; compared without case. Of a camera or device, its id. */
  readonly name: string;
  readonly level: CriticalityLevel;
  readonly reason: string;
  readonly setAtMs: number;
  readonly setBy: { readonly id: string; readonly name: string };
};

type Tables = { asset_criticality: { id: string; sealed: string } };
type Sealing = { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array };

export const entityGraphMigrations: MigrationSet = {
  module: 'entity-graph',
  migrations: { '0001-create-criticality': createCriticalityTable },
};

export function assetId(key: SealingKey, kind: AssetKind, name: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['criticality', kind, name.toLowerCase()]))
    .digest('hex')
    .slice(0, 32);
}

/** Rows that were changed by somebody without the key are counted: what they say counts for nothing. */
export async function readCriticality(
  database: Database,
  key: SealingKey,
): Promise<{ readonly found: ReadonlyMap<string, SetCriticality>; readonly damaged: number }> {
  const rows = await database.withTables<Tables>().selectFrom('asset_criticality').selectAll().execute();
  const found = new Map<string, SetCriticality>();
  for (const { id, sealed } of rows) {
    const asset = opened(key, id, sealed);
    if (asset !== undefined) found.set(id, asset);
  }
  return { found, damaged: rows.length - found.size };
}

export async function writeCriticality(
  transaction: Transaction,
  sealing: Sealing,
  asset: SetCriticality,
): Promise<void> {
  const id = assetId(sealing.sealingKey, asset.kind, asset.name);
  const sealed = sealText(sealing, id, JSON.stringify(asset));
  await transaction
    .withTables<Tables>()
    .insertInto('asset_criticality')
    .values({ id, sealed })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
    .execute();
}

export async function removeCriticality(transaction: Transaction, id: string): Promise<void> {
  await transaction.withTables<Tables>().deleteFrom('asset_criticality').where('id', '=', id).execute();
}

function opened(key: SealingKey, id: string, sealed: string): SetCriticality | undefined {
  try {
    const value = parseJson(openText(key, id, sealed));
    if (!isJsonObject(value)) return undefined;
    const { name, reason, setAtMs, setBy } = value;
    const kind = assetKinds.find((known) => known === value['kind']);
    const level = criticalityLevels.find((known) => known === value['level']);
    if (kind === undefined || level === undefined || typeof name !== 'string' || typeof reason !== 'string')
      return undefined;
    if (typeof setAtMs !== 'number' || setBy === undefined || !isJsonObject(setBy)) return undefined;
    const { id: by, name: called } = setBy;
    if (typeof by !== 'string' || typeof called !== 'string') return undefined;
    return { kind, name, level, reason, setAtMs, setBy: { id: by, name: called } };
  } catch {
    return undefined;
  }
}
