import type { Database, Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { openRow, sealRow } from '../sealed-row.ts';
import { parseDeviceState, parseEnrolmentState } from './device-state.ts';
import type { DeviceState, EnrolmentState } from './device-state.ts';

type Tables = { fleet_devices: { id: string; sealed: string }; fleet_enrolments: { id: string; sealed: string } };

/** Rows of one table, each sealed and bound to its table and id. */
export type SealedTable<State> = {
  /** What can be read: a row somebody changed is left out and said, since what it allows nobody here has granted. */
  readAll(): Promise<Map<string, State>>;
  save(transaction: Transaction, id: string, state: State): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
};

export type DeviceStore = {
  readonly devices: SealedTable<DeviceState>;
  readonly enrolments: SealedTable<EnrolmentState>;
};

type StoreNeeds = {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
};

export function createDeviceStore(needs: StoreNeeds): DeviceStore {
  return {
    devices: sealedTable(needs, 'fleet_devices', parseDeviceState),
    enrolments: sealedTable(needs, 'fleet_enrolments', parseEnrolmentState),
  };
}

function sealedTable<State>(
  needs: StoreNeeds,
  table: keyof Tables,
  parse: (text: string) => State,
): SealedTable<State> {
  const { database, sealingKey, random, log } = needs;
  const nameOf = (id: string): string => `${table}/${id}`;
  return {
    async readAll() {
      const rows = await database.withTables<Tables>().selectFrom(table).selectAll().orderBy('id').execute();
      return new Map(
        rows.flatMap(({ id, sealed }): [string, State][] => {
          try {
            return [[id, parse(openRow(sealingKey, nameOf(id), sealed))]];
          } catch (error) {
            log.error('A kept device cannot be read and is let in no more', { table, id, message: messageOf(error) });
            return [];
          }
        }),
      );
    },
    async save(transaction, id, state) {
      const sealed = sealRow({ sealingKey, random, name: nameOf(id) }, JSON.stringify(state));
      await transaction
        .withTables<Tables>()
        .insertInto(table)
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
    },
    async remove(transaction, id) {
      await transaction.withTables<Tables>().deleteFrom(table).where('id', '=', id).execute();
    },
  };
}
