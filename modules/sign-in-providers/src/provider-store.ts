import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, EncryptedColumnError, Opened } from '@sallyport/platform/encrypted-columns';
import type { ClientKey, Provider, ProviderCredentials, ProviderSettings } from './provider.ts';

type ProviderRow = {
  readonly id: string;
  readonly revision: number;
  readonly created_at_ms: number;
  /** JSON of `ProviderSettings`. */
  readonly settings: Encrypted;
  readonly secret: Encrypted<string | null>;
  /** JSON of `ClientKey[]`, the newest first. */
  readonly client_keys: Encrypted;
  readonly last_success_at_ms: number | null;
  readonly last_failure_at_ms: number | null;
  readonly last_failure: Encrypted<string | null>;
};
type Tables = { sign_in_providers: ProviderRow };

export type StoredProvider = Provider & { readonly credentials: ProviderCredentials };

/** Every function runs in the transaction or database it is handed. A row that does not open is no provider. */
export type ProviderStore = {
  list(where: Database | Transaction): Promise<readonly StoredProvider[]>;
  find(where: Database | Transaction, id: string): Promise<StoredProvider | undefined>;
  insert(
    transaction: Transaction,
    provider: Pick<StoredProvider, 'id' | 'createdAtMs' | 'settings' | 'credentials'>,
  ): Promise<void>;
  /** False when somebody changed it since `revision`. */
  update(
    transaction: Transaction,
    id: string,
    revision: number,
    change: { readonly settings: ProviderSettings; readonly credentials: ProviderCredentials },
  ): Promise<boolean>;
  remove(transaction: Transaction, id: string): Promise<void>;
  noteSuccess(where: Database | Transaction, id: string): Promise<void>;
  noteFailure(where: Database | Transaction, id: string, words: string): Promise<void>;
};

export function createProviderStore(needs: {
  readonly clock: Clock;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly onDamaged?: (damage: EncryptedColumnError) => void;
}): ProviderStore {
  const { clock } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      sign_in_providers: {
        row: 'id',
        columns: {
          settings: encrypted({ padBytes: 512 }),
          secret: encrypted({ padBytes: 128 }),
          client_keys: encrypted({ padBytes: 512 }),
          last_failure: encrypted({ padBytes: 128 }),
        },
      },
    },
  });
  const on = (where: Database | Transaction) => columns.on(where, { onDamaged: (damage) => needs.onDamaged?.(damage) });

  return {
    async list(where) {
      const rows = await on(where).selectFrom('sign_in_providers').selectAll().orderBy('created_at_ms').execute();
      return rows.flatMap((row) => providerOf(row) ?? []);
    },

    async find(where, id) {
      const row = await on(where).selectFrom('sign_in_providers').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : providerOf(row);
    },

    async insert(transaction, { id, createdAtMs, settings, credentials }) {
      await on(transaction)
        .insertInto('sign_in_providers')
        .values({
          id,
          revision: 1,
          created_at_ms: createdAtMs,
          settings: JSON.stringify(settings),
          secret: credentials.secret ?? null,
          client_keys: JSON.stringify(credentials.keys),
          last_success_at_ms: null,
          last_failure_at_ms: null,
          last_failure: null,
        })
        .execute();
    },

    async update(transaction, id, revision, { settings, credentials }) {
      const { numUpdatedRows } = await on(transaction)
        .updateTable('sign_in_providers')
        .set({
          revision: revision + 1,
          settings: JSON.stringify(settings),
          secret: credentials.secret ?? null,
          client_keys: JSON.stringify(credentials.keys),
        })
        .where('id', '=', id)
        .where('revision', '=', revision)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async remove(transaction, id) {
      await on(transaction).deleteFrom('sign_in_providers').where('id', '=', id).execute();
    },

    async noteSuccess(where, id) {
      await on(where)
        .updateTable('sign_in_providers')
        .set({ last_success_at_ms: clock.nowMs() })
        .where('id', '=', id)
        .execute();
    },

    async noteFailure(where, id, words) {
      await on(where)
        .updateTable('sign_in_providers')
        .set({ last_failure_at_ms: clock.nowMs(), last_failure: words.slice(0, 300) })
        .where('id', '=', id)
        .execute();
    },
  };
}

function providerOf(row: Opened<Tables>['sign_in_providers']): StoredProvider | undefined {
  const settings: unknown = parseJson(row.settings);
  const keys: unknown = parseJson(row.client_keys);
  if (!isSettings(settings) || !isKeys(keys)) return undefined;
  return {
    id: row.id,
    revision: row.revision,
    createdAtMs: row.created_at_ms,
    settings: { ...absent, ...settings },
    hasSecret: row.secret !== null,
    keys: keys.map(({ privatePem: _private, ...shown }) => shown),
    standing: {
      lastSuccessAtMs: row.last_success_at_ms ?? undefined,
      lastFailureAtMs: row.last_failure_at_ms ?? undefined,
      lastFailure: row.last_failure ?? undefined,
    },
    credentials: { secret: row.secret ?? undefined, keys },
  };
}

/** JSON has no undefined. */
const absent = {
  nameClaim: undefined,
  groupsClaim: undefined,
  maxAgeSeconds: undefined,
  acrValues: undefined,
  prompt: undefined,
  authorityPem: undefined,
};

/** Sealed and bound to its row: what opens is what this module wrote. */
function isSettings(value: unknown): value is ProviderSettings {
  return isJsonObject(value) && typeof value['issuer'] === 'string' && Array.isArray(value['groups']);
}

function isKeys(value: unknown): value is ClientKey[] {
  return Array.isArray(value) && value.every((key) => isJsonObject(key) && typeof key['privatePem'] === 'string');
}
