import type { MigrationSet } from '@sallyport/platform/database';

/** The secret before the one in use, for as long as both are good; and the networks a key is for. */
export const keyRotation: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    for (const column of ['previous_hash', 'networks'])
      await schema.alterTable('identity_keys').addColumn(column, 'text').execute();
    for (const column of ['previous_ends_at_ms', 'previous_used_at_ms', 'rotated_at_ms'])
      await schema.alterTable('identity_keys').addColumn(column, 'bigint').execute();
  },
};
