import { randomBytes } from 'node:crypto';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';

/** One installation serves one tenant. The name is bound into every value sealed in its control database. */
const tenant = 'installation';

/** The keys of a module's encrypted columns, all their versions in one secret of the vault's. */
export function columnKeys(store: Parameters<typeof openColumnKeys>[0]['store'], name: string): Promise<ColumnKeys> {
  return openColumnKeys({ store, name, tenant, random: randomBytes });
}
