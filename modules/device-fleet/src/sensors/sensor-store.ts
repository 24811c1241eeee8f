import { createHmac } from 'node:crypto';
import { origin } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { openRow, sealRow } from '../sealed-row.ts';
import { parseSensorState } from './sensor-state.ts';
import type { SensorState } from './sensor-state.ts';

type Tables = {
  fleet_sensors: { id: string; sealed: string };
  fleet_cursor: { name: string; log: number; entry_index: number };
};

/** Rows of sensors, each sealed (AES-256-GCM, bound to its id), and how far the feed was read. */
export type SensorStore = {
  readCursor(): Promise<Position>;
  readAll(): Promise<Map<string, SensorState>>;
  save(transaction: Transaction, id: string, state: SensorState): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
  saveCursor(transaction: Transaction, cursor: Position): Promise<void>;
  /** Names a sensor; nobody without the key can tell for whom it stands. */
  idOf(source: string, host: string): string;
};

const cursorName = 'sensors';

export function createSensorStore(needs: {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
}): SensorStore {
  const { sealingKey } = needs;
  const tables = needs.database.withTables<Tables>();
  return {
    async readCursor() {
      const row = await tables.selectFrom('fleet_cursor').selectAll().where('name', '=', cursorName).executeTakeFirst();
      return row === undefined ? origin : { log: row.log, index: row.entry_index };
    },
    async readAll() {
      const rows = await tables.selectFrom('fleet_sensors').selectAll().orderBy('id').execute();
      return new Map(
        rows.flatMap(({ id, sealed }): [string, SensorState][] => {
          try {
            return [[id, parseSensorState(openRow(sealingKey, id, sealed))]];
          } catch (error) {
            // One row must not keep the rest from being watched; its sensor is a new one, which is told when it joins.
            needs.log.error('A kept sensor cannot be read and is begun anew', {
              sensor: id,
              message: messageOf(error),
            });
            return [];
          }
        }),
      );
    },
    async save(transaction, id, state) {
      const sealed = sealRow({ ...needs, name: id }, JSON.stringify(state));
      await transaction
        .withTables<Tables>()
        .insertInto('fleet_sensors')
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
    },
    async remove(transaction, id) {
      await transaction.withTables<Tables>().deleteFrom('fleet_sensors').where('id', '=', id).execute();
    },
    async saveCursor(transaction, { log, index }) {
      const place = { log, entry_index: index };
      await transaction
        .withTables<Tables>()
        .insertInto('fleet_cursor')
        .values({ name: cursorName, ...place })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(place))
        .execute();
    },
    idOf: (source, host) =>
      createHmac('sha256', sealingKey)
        .update(JSON.stringify(['sensor', source, host]))
        .digest('hex')
        .slice(0, 16),
  };
}
