import type { MigrationSet } from '@sallyport/platform/database';

/** A credential of a run that sends its telemetry and nothing else. Runs begun before have none. */
export const keepTelemetryCredentials: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema.alterTable('agent_sessions').addColumn('telemetry_hash', 'text').execute();
    await schema
      .createIndex('agent_sessions_by_telemetry')
      .unique()
      .on('agent_sessions')
      .column('telemetry_hash')
      .execute();
  },
};
