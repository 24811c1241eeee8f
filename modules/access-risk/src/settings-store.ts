import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { defaultSettings, parseSettings } from './risk-settings.ts';
import type { RiskSettings } from './risk-settings.ts';

type Tables = { access_risk_settings: { name: string; sealed: string } };
type Sealing = { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array };

const row = 'settings';

/** What nobody changed, and what somebody without the key changed, is as it came with the product: never weaker. */
export async function readSettings(
  on: Database | Transaction,
  { sealingKey }: Pick<Sealing, 'sealingKey'>,
): Promise<RiskSettings> {
  const stored = await on
    .withTables<Tables>()
    .selectFrom('access_risk_settings')
    .selectAll()
    .where('name', '=', row)
    .executeTakeFirst();
  if (stored === undefined) return defaultSettings;
  try {
    return parseSettings(JSON.parse(openText(sealingKey, row, stored.sealed)));
  } catch {
    return defaultSettings;
  }
}

export async function writeSettings(on: Transaction, sealing: Sealing, settings: RiskSettings): Promise<void> {
  const sealed = sealText(sealing, row, JSON.stringify(settings));
  await on
    .withTables<Tables>()
    .insertInto('access_risk_settings')
    .values({ name: row, sealed })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ sealed }))
    .execute();
}
