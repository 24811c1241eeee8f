import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import type { TakeOver } from '../needs.ts';
import { certifications, type FidoMetadata } from './fido-metadata.ts';
import { defaultPolicy, type PasskeyPolicy, type PasskeyRules } from './passkey-policy.ts';

type Row = {
  /** `policy` or `metadata`. */
  readonly id: string;
  readonly changed_at_ms: number;
  /** JSON. Sealed, so that whoever writes to the database adds no maker of their own. */
  readonly content: Encrypted;
};
type Tables = { identity_passkey_settings: Row };

const Policy = Type.Object({
  attestation: Type.Enum(['none', 'direct']),
  allowed: Type.Array(Type.String()),
  denied: Type.Array(Type.String()),
  leastCertification: Type.Enum([...certifications]),
  hardwareBoundRoles: Type.Array(Type.String()),
});
const Metadata = Type.Object({
  no: Type.Integer(),
  nextUpdate: Type.String(),
  root: Type.String(),
  models: Type.Array(
    Type.Object({
      aaguid: Type.String(),
      name: Type.String(),
      certification: Type.Enum([...certifications]),
      compromised: Type.Optional(Type.String()),
      roots: Type.Array(Type.String()),
    }),
  ),
});

/** Which passkeys may sign in. Asked for every question: a change holds at once, on every server. */
export type PasskeyPolicyStore = {
  read(where: Database | Transaction): Promise<PasskeyRules & { readonly importedAtMs?: number }>;
  writePolicy(transaction: Transaction, policy: PasskeyPolicy, nowMs: number): Promise<void>;
  /** In place of what was there, as a whole. */
  writeMetadata(transaction: Transaction, metadata: FidoMetadata, nowMs: number): Promise<void>;
  /** After a transaction that wrote metadata and failed: what was read in it never was. */
  forget(): void;
  readonly takeOver: TakeOver;
};

export function createPasskeyPolicyStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}): PasskeyPolicyStore {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_passkey_settings: { row: 'id', columns: { content: encrypted() } } },
  });
  /** Half a megabyte to open: kept until another was imported. */
  let last: { readonly atMs: number; readonly metadata: FidoMetadata } | undefined;

  const contentOf = async (where: Database | Transaction, id: string): Promise<string | undefined> => {
    const table = columns.on(where).selectFrom('identity_passkey_settings').select(['id', 'content']);
    return (await table.where('id', '=', id).executeTakeFirst())?.content;
  };
  const write = async (transaction: Transaction, id: string, content: object, nowMs: number): Promise<void> => {
    const tables = columns.on(transaction);
    await tables.deleteFrom('identity_passkey_settings').where('id', '=', id).execute();
    const row = { id, changed_at_ms: nowMs, content: JSON.stringify(content) };
    await tables.insertInto('identity_passkey_settings').values(row).execute();
  };

  return {
    async read(where) {
      const rows = await columns
        .on(where)
        .selectFrom('identity_passkey_settings')
        .select(['id', 'changed_at_ms'])
        .execute();
      const importedAtMs = rows.find(({ id }) => id === 'metadata')?.changed_at_ms;
      const stored = rows.some(({ id }) => id === 'policy') ? await contentOf(where, 'policy') : undefined;
      const policy = stored === undefined ? defaultPolicy : Parse(Policy, JSON.parse(stored));
      if (importedAtMs === undefined) return { policy };
      if (last?.atMs !== importedAtMs) {
        const content = await contentOf(where, 'metadata');
        last = { atMs: importedAtMs, metadata: Parse(Metadata, JSON.parse(content ?? '')) };
      }
      return { policy, metadata: last.metadata, importedAtMs };
    },
    writePolicy: (transaction, policy, nowMs) => write(transaction, 'policy', policy, nowMs),
    writeMetadata: (transaction, metadata, nowMs) => write(transaction, 'metadata', metadata, nowMs),
    forget() {
      last = undefined;
    },
    takeOver: (database, options) => columns.reencrypt(database, 'identity_passkey_settings', options ?? {}),
  };
}
