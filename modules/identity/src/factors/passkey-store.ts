import type { Database, Transaction } from '@sallyport/platform/database';

type PasskeyRow = {
  readonly id: string;
  readonly user_id: string;
  readonly host_name: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  readonly counter: number;
  /** Separated by spaces. */
  readonly transports: string;
  readonly label: string;
  readonly created_at_ms: number;
};
type Tables = { identity_passkeys: PasskeyRow };

export type Passkey = {
  /** Credential id, base64url. */
  readonly id: string;
  readonly userId: string;
  /** The host name it was made for (relying party id); it is good for no other. */
  readonly hostName: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly label: string;
  readonly createdAtMs: number;
};

export const passkeyStore = {
  async find(where: Database | Transaction, id: string): Promise<Passkey | undefined> {
    const row = await tables(where).selectFrom('identity_passkeys').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toPasskey(row);
  },

  async listOf(where: Database | Transaction, userId: string): Promise<readonly Passkey[]> {
    const rows = await tables(where)
      .selectFrom('identity_passkeys')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('created_at_ms')
      .execute();
    return rows.map(toPasskey);
  },

  async listOwners(where: Database): Promise<readonly string[]> {
    const rows = await tables(where).selectFrom('identity_passkeys').select('user_id').distinct().execute();
    return rows.map((row) => row.user_id);
  },

  async insert(transaction: Transaction, passkey: Passkey): Promise<void> {
    await tables(transaction)
      .insertInto('identity_passkeys')
      .values({
        id: passkey.id,
        user_id: passkey.userId,
        host_name: passkey.hostName,
        public_key: Buffer.from(passkey.publicKey).toString('base64url'),
        counter: passkey.counter,
        transports: passkey.transports.join(' '),
        label: passkey.label,
        created_at_ms: passkey.createdAtMs,
      })
      .execute();
  },

  async rename(transaction: Transaction, userId: string, id: string, label: string): Promise<boolean> {
    const { numUpdatedRows } = await tables(transaction)
      .updateTable('identity_passkeys')
      .set({ label })
      .where('user_id', '=', userId)
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  },

  async remove(transaction: Transaction, userId: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await tables(transaction)
      .deleteFrom('identity_passkeys')
      .where('user_id', '=', userId)
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return numDeletedRows === 1n;
  },

  async removeAllOf(transaction: Transaction, userId: string): Promise<void> {
    await tables(transaction).deleteFrom('identity_passkeys').where('user_id', '=', userId).execute();
  },

  /** False when it was used meanwhile: a copy of the passkey may be about. */
  async advance(transaction: Transaction, passkey: Passkey, counter: number): Promise<boolean> {
    const updated = await tables(transaction)
      .updateTable('identity_passkeys')
      .set({ counter })
      .where('id', '=', passkey.id)
      .where('counter', '=', passkey.counter)
      .executeTakeFirstOrThrow();
    return updated.numUpdatedRows === 1n;
  },
};

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}

function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    userId: row.user_id,
    hostName: row.host_name,
    publicKey: new Uint8Array(Buffer.from(row.public_key, 'base64url')),
    counter: row.counter,
    transports: row.transports.split(' ').filter((transport) => transport !== ''),
    label: row.label,
    createdAtMs: row.created_at_ms,
  };
}
