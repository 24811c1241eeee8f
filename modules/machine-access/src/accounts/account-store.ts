import { formatSites, readSites } from '@sallyport/access-policy';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import type { Credential, CredentialFacts, ServiceAccount } from './account.ts';

type AccountRow = {
  readonly id: string;
  readonly name: Encrypted;
  readonly description: Encrypted;
  readonly owner_id: string;
  /** Separated by spaces. */
  readonly scopes: string;
  /** Separated by spaces, of an earlier version. */
  readonly sites: string | null;
  /** What `formatSites` makes of them; null: everywhere, unless `sites` says otherwise. */
  readonly site_names: Encrypted<string | null>;
  readonly bound_only: number;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly expires_at_ms: number | null;
  readonly suspended_at_ms: number | null;
  readonly suspended_for: string | null;
  readonly last_used_at_ms: number | null;
};
type CredentialRow = {
  readonly id: string;
  readonly account_id: string;
  readonly kind: string;
  /** Of a secret. */
  readonly hash: string | null;
  /** Label and facts, as JSON. */
  readonly document: Encrypted;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly expires_at_ms: number | null;
  readonly last_used_at_ms: number | null;
};
type Tables = { machine_accounts: AccountRow; machine_credentials: CredentialRow };
type Where = Database | Transaction;

/** With the hash of a secret. */
export type StoredCredential = Credential & { readonly hash?: string };

export type AccountChange = {
  readonly name?: string;
  readonly description?: string;
  readonly ownerId?: string;
  readonly scopes?: readonly string[];
  readonly sites?: readonly string[] | null;
  readonly boundOnly?: boolean;
  readonly expiresAtMs?: number | null;
  /** Null lets it go on. */
  readonly suspended?: { readonly atMs: number; readonly for: 'owner' | 'by-hand' } | null;
};

/** The module's tables of accounts. Every function runs in the transaction or database it is handed. */
export type AccountStore = ReturnType<typeof createAccountStore>;

export function createAccountStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}) {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      machine_accounts: {
        row: 'id',
        columns: { name: encrypted(), description: encrypted(), site_names: encrypted({ padBytes: 64 }) },
      },
      machine_credentials: { row: 'id', columns: { document: encrypted({ padBytes: 256 }) } },
    },
  });

  return {
    async find(where: Where, id: string): Promise<ServiceAccount | undefined> {
      const rows = columns.on(where).selectFrom('machine_accounts').selectAll();
      const row = await rows.where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toAccount(row);
    },

    /** Newest first. */
    async list(where: Where): Promise<readonly ServiceAccount[]> {
      const rows = columns.on(where).selectFrom('machine_accounts').selectAll();
      return (await rows.orderBy('created_at_ms', 'desc').orderBy('id').execute()).map(toAccount);
    },

    async listOf(where: Where, ownerId: string): Promise<readonly ServiceAccount[]> {
      const rows = columns.on(where).selectFrom('machine_accounts').selectAll();
      return (await rows.where('owner_id', '=', ownerId).execute()).map(toAccount);
    },

    async insert(transaction: Transaction, account: ServiceAccount): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('machine_accounts')
        .values({
          id: account.id,
          name: account.name,
          description: account.description,
          owner_id: account.ownerId,
          scopes: account.scopes.join(' '),
          sites: null,
          site_names: formatSites(account.sites),
          bound_only: account.boundOnly ? 1 : 0,
          created_at_ms: account.createdAtMs,
          created_by: account.createdBy,
          expires_at_ms: account.expiresAtMs ?? null,
          suspended_at_ms: null,
          suspended_for: null,
          last_used_at_ms: null,
        })
        .execute();
    },

    async update(transaction: Transaction, id: string, change: AccountChange): Promise<void> {
      const { name, description, ownerId, scopes, sites, boundOnly, expiresAtMs, suspended } = change;
      await columns
        .on(transaction)
        .updateTable('machine_accounts')
        .set({
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(ownerId === undefined ? {} : { owner_id: ownerId }),
          ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }),
          ...(sites === undefined ? {} : { sites: null, site_names: formatSites(sites) }),
          ...(boundOnly === undefined ? {} : { bound_only: boundOnly ? 1 : 0 }),
          ...(expiresAtMs === undefined ? {} : { expires_at_ms: expiresAtMs }),
          ...(suspended === undefined
            ? {}
            : { suspended_at_ms: suspended?.atMs ?? null, suspended_for: suspended?.for ?? null }),
        })
        .where('id', '=', id)
        .execute();
    },

    async remove(transaction: Transaction, id: string): Promise<void> {
      const tables = columns.on(transaction);
      await tables.deleteFrom('machine_credentials').where('account_id', '=', id).execute();
      await tables.deleteFrom('machine_accounts').where('id', '=', id).execute();
    },

    /** Of one account, or of all; oldest first. */
    async credentials(
      where: Where,
      accountId?: string,
    ): Promise<readonly (StoredCredential & { accountId: string })[]> {
      let rows = columns.on(where).selectFrom('machine_credentials').selectAll();
      if (accountId !== undefined) rows = rows.where('account_id', '=', accountId);
      const found = await rows.orderBy('created_at_ms').orderBy('id').execute();
      return found.map((row) => ({ ...toCredential(row), accountId: row.account_id }));
    },

    async insertCredential(transaction: Transaction, accountId: string, credential: StoredCredential): Promise<void> {
      const { id, label, createdAtMs, createdBy, expiresAtMs, lastUsedAtMs: _used, hash, ...facts } = credential;
      await columns
        .on(transaction)
        .insertInto('machine_credentials')
        .values({
          id,
          account_id: accountId,
          kind: facts.kind,
          hash: hash ?? null,
          document: JSON.stringify({ label, facts }),
          created_at_ms: createdAtMs,
          created_by: createdBy,
          expires_at_ms: expiresAtMs ?? null,
          last_used_at_ms: null,
        })
        .execute();
    },

    async endCredential(transaction: Transaction, id: string, expiresAtMs: number): Promise<void> {
      const rows = columns.on(transaction).updateTable('machine_credentials');
      await rows.set({ expires_at_ms: expiresAtMs }).where('id', '=', id).execute();
    },

    async removeCredential(transaction: Transaction, id: string): Promise<void> {
      await columns.on(transaction).deleteFrom('machine_credentials').where('id', '=', id).execute();
    },

    async setLastUsed(
      transaction: Transaction,
      table: 'machine_accounts' | 'machine_credentials',
      id: string,
      atMs: number,
    ): Promise<void> {
      await columns.on(transaction).updateTable(table).set({ last_used_at_ms: atMs }).where('id', '=', id).execute();
    },
  };
}

function toAccount(row: Opened<Tables>['machine_accounts']): ServiceAccount {
  const suspendedFor = row.suspended_for === 'owner' ? 'owner' : 'by-hand';
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    ownerId: row.owner_id,
    scopes: row.scopes.split(' ').filter((scope) => scope !== ''),
    boundOnly: row.bound_only !== 0,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...sitesOf(row),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
    ...(row.suspended_at_ms === null ? {} : { suspendedAtMs: row.suspended_at_ms, suspendedFor }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  };
}

function sitesOf({ sites, site_names: names }: Opened<Tables>['machine_accounts']): Pick<ServiceAccount, 'sites'> {
  if (names !== null) return { sites: readSites(names) };
  return sites === null ? {} : { sites: sites.split(' ').filter((site) => site !== '') };
}

function toCredential(row: Opened<Tables>['machine_credentials']): StoredCredential {
  const { label, facts } = parseDocument(row.document);
  return {
    ...facts,
    id: row.id,
    label,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...(row.hash === null ? {} : { hash: row.hash }),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  };
}

type Document = { readonly label: string; readonly facts: CredentialFacts };

function parseDocument(text: string): Document {
  const document: unknown = parseJson(text);
  if (!isDocument(document)) throw new TypeError('Cannot read a kept credential: it has another shape');
  return document;
}

/** Sealed by us, with its row bound into the seal: what opens is what was written, and its kind tells its shape. */
function isDocument(value: unknown): value is Document {
  if (!isJsonObject(value) || typeof value['label'] !== 'string' || !isJsonObject(value['facts'])) return false;
  const { kind } = value['facts'];
  return kind === 'secret' || kind === 'public-key' || kind === 'certificate' || kind === 'certificate-name';
}
