import type { InventorySource, StoreAsset } from '@sallyport/crypto-inventory';
import type { ColumnKeyring } from '@sallyport/key-vault/server';
import type { Database } from '@sallyport/platform/database';
import { countStored } from '@sallyport/platform/encrypted-columns';
import { besideEncrypted, otherStores } from './at-rest.ts';

/**
 * What rests on disk, and whether it rests sealed. Tables with encrypted columns are those that said so to their keys, and every
 * value of them is looked at; all else is declared.
 */
export function createStoreSource(database: Database, keyrings: () => readonly ColumnKeyring[]): InventorySource {
  return {
    name: 'stores',
    async gather() {
      const found: StoreAsset[] = [...otherStores];
      for (const { name, keys } of keyrings()) {
        for (const { table, columns } of keys.protectedTables()) {
          const counts = await countStored(database, table, columns, keys.newest());
          const left = counts.flatMap(({ column, clear }) => (clear > 0 ? [`${clear} values of ${column}`] : []));
          const older = counts.reduce((sum, count) => sum + count.older, 0);
          const clear = [...(besideEncrypted[table] ?? []), ...left];
          found.push({
            kind: 'store',
            id: `store/database/${table}`,
            name: `Table ${table}: ${columns.join(', ')}`,
            owner: name.split('/')[0] ?? name,
            usedFor: older === 0 ? 'encrypted columns' : `encrypted columns; ${older} values wait for the newest key`,
            where: 'control database',
            known: { kind: 'asked', by: 'every value of these columns, by its form; other columns are declared' },
            encryption: clear.length === 0 ? 'sealed' : 'partly',
            algorithm: 'aes-256-gcm',
            clear,
          });
        }
      }
      return found;
    },
  };
}
