import { randomBytes } from 'node:crypto';
import type { ColumnKeyring } from '@sallyport/key-vault/server';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';

/** One installation serves one tenant. The name is bound into every value sealed in its control database. */
const tenant = 'installation';

/** The keys of every module's encrypted columns. */
export type ColumnKeyrings = {
  /** Those kept under this name, all their versions in one secret of the vault's; made when there are none. */
  open(name: string): Promise<ColumnKeys>;
  /** Those that were opened. */
  readonly opened: readonly ColumnKeyring[];
};

export function createColumnKeyrings(store: Parameters<typeof openColumnKeys>[0]['store']): ColumnKeyrings {
  const opened: ColumnKeyring[] = [];
  return {
    opened,
    async open(name) {
      const known = opened.find((one) => one.name === name);
      if (known !== undefined) return known.keys;
      const keys = await openColumnKeys({ store, name, tenant, random: randomBytes });
      opened.push({ name, keys });
      return keys;
    },
  };
}
