import { createHmac } from 'node:crypto';
import { origin, textOf } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { openRow } from '../sealed-row.ts';
import { parseSensorState } from './sensor-state.ts';
import type { SensorState } from './sensor-state.ts';

type Tables = { fleet_sensors: { id: string; sealed: Encrypted } };
type CursorTables = {
  fleet_cursor: { name: string; log: number; entry_index: number };
};

/** Rows of sensors, all but the id in one encrypted column, and how far the feed was read. */
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
  /** Names sensors, and opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
}): SensorStore {
  const { sealingKey } = needs;
  const tables = needs.database.withTables<CursorTables>();
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { fleet_sensors: { row: 'id', columns: { sealed: encrypted({ padBytes: 256 }) } } },
  });
  // One row must not keep the rest from being watched; its sensor is a new one, which is told when it joins.
  const tell = (sensor: string, message: string): void =>
    needs.log.error('A kept sensor cannot be read and is begun anew', { sensor, message });
  return {
    async readCursor() {
      const row = await tables.selectFrom('fleet_cursor').selectAll().where('name', '=', cursorName).executeTakeFirst();
      return row === undefined ? origin : { log: row.log, index: row.entry_index };
    },
    async readAll() {
      const earlier = {
        sealed: (stored: string, { id }: Readonly<Record<string, unknown>>) => openRow(sealingKey, String(id), stored),
      };
      // What does not open is told of when it is read.
      await columns.reencrypt(needs.database, 'fleet_sensors', { earlier });
      const rows = await columns
        .on(needs.database, { onDamaged: ({ details, message }) => tell(textOf(details['row']), message) })
        .selectFrom('fleet_sensors')
        .selectAll()
        .orderBy('id')
        .execute();
      return new Map(
        rows.flatMap(({ id, sealed }): [string, SensorState][] => {
          try {
            return [[id, parseSensorState(sealed)]];
          } catch (error) {
            tell(id, messageOf(error));
            return [];
          }
        }),
      );
    },
    async save(transaction, id, state) {
      const sealed = JSON.stringify(state);
      await columns
        .on(transaction)
        .insertInto('fleet_sensors')
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
    },
    async remove(transaction, id) {
      await columns.on(transaction).deleteFrom('fleet_sensors').where('id', '=', id).execute();
    },
    async saveCursor(transaction, { log, index }) {
      const place = { log, entry_index: index };
      await transaction
        .withTables<CursorTables>()
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
