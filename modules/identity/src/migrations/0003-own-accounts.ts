import type { MigrationSet } from '@sallyport/platform/database';

type Tables = {
  identity_keys: { id: string; created_by: string; maker_id: string | null };
  identity_tickets: { purpose: string };
};

/**
 * Several apps for codes, the person behind each key, and columns for names that are sealed. Sessions get a new table, since
 * the one there was has addresses in the clear: everybody signs in again. Names are sealed later, when the key is at hand.
 */
export const ownAccounts: MigrationSet['migrations'][string] = {
  async up(database) {
    const { schema } = database;
    await schema
      .alterTable('identity_users')
      .addColumn('sealed', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await schema.alterTable('identity_users').addColumn('password_changed_at_ms', 'bigint').execute();

    await schema
      .createTable('identity_apps')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('sealed_secret', 'text', (column) => column.notNull())
      .addColumn('confirmed', 'integer', (column) => column.notNull())
      .addColumn('last_step', 'bigint', (column) => column.notNull())
      .addColumn('failures', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await schema.createIndex('identity_apps_user').on('identity_apps').column('user_id').execute();
    await database
      .insertInto('identity_apps')
      .columns(['id', 'user_id', 'label', 'sealed_secret', 'confirmed', 'last_step', 'failures', 'created_at_ms'])
      .expression((eb) =>
        eb
          .selectFrom('identity_totp')
          .innerJoin('identity_users', 'identity_users.id', 'identity_totp.user_id')
          .select([
            'identity_totp.user_id as id',
            'identity_totp.user_id as user_id',
            eb.val('Authenticator app').as('label'),
            'sealed_secret',
            'confirmed',
            'last_step',
            'failures',
            'identity_users.created_at_ms as created_at_ms',
          ]),
      )
      .execute();
    await schema.dropTable('identity_totp').execute();

    await schema.dropTable('identity_sessions').execute();
    await schema
      .createTable('identity_sessions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('previous_token_hash', 'text')
      .addColumn('next_token_hash', 'text')
      .addColumn('next_offered_at_ms', 'bigint')
      .addColumn('next_authenticated_at_ms', 'bigint')
      .addColumn('rotated_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('authenticated_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed_client', 'text', (column) => column.notNull())
      .addColumn('methods', 'text', (column) => column.notNull())
      .addColumn('assurance', 'integer', (column) => column.notNull())
      .execute();
    for (const column of ['user_id', 'previous_token_hash', 'next_token_hash'])
      await schema.createIndex(`identity_sessions_by_${column}`).on('identity_sessions').column(column).execute();

    await schema.alterTable('identity_keys').addColumn('maker_id', 'text').execute();
    await schema.alterTable('identity_keys').addColumn('suspended_at_ms', 'bigint').execute();
    const keys = database.withTables<Tables>();
    const makers = new Map(
      (await keys.selectFrom('identity_keys').select(['id', 'created_by']).execute()).map(
        ({ id, created_by: createdBy }: Pick<Tables['identity_keys'], 'id' | 'created_by'>): [string, string] => [
          `key/${id}`,
          createdBy,
        ],
      ),
    );
    for (const key of makers.keys()) {
      const maker = makerOf(key, makers);
      if (maker === undefined) continue;
      await keys.updateTable('identity_keys').set({ maker_id: maker }).where('id', '=', key.slice(4)).execute();
    }
    // Challenges of passkeys are not stored any more.
    await keys.deleteFrom('identity_tickets').where('purpose', 'in', ['passkey-creation', 'passkey-request']).execute();
  },
};

/** The person at the beginning of a chain of keys that made keys; undefined when it was the operator. */
function makerOf(key: string, makers: ReadonlyMap<string, string>): string | undefined {
  let maker = makers.get(key);
  for (let steps = 0; steps < makers.size && maker !== undefined && makers.has(maker); steps += 1)
    maker = makers.get(maker);
  return maker?.startsWith('user/') === true ? maker.slice(5) : undefined;
}
