import type { MigrationSet } from '@sallyport/platform/database';

/** The browser's key that a session is bound to, and the identity provider it came from. */
export const boundSessions: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    for (const column of ['sealed_key', 'provider', 'provider_session', 'provider_session_key', 'next_methods'])
      await schema.alterTable('identity_sessions').addColumn(column, 'text').execute();
    await schema.alterTable('identity_sessions').addColumn('next_assurance', 'integer').execute();
    await schema
      .createIndex('identity_sessions_by_provider_session')
      .on('identity_sessions')
      .column('provider_session_key')
      .execute();
  },
};
