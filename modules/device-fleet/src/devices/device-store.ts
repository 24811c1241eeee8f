import { textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, EncryptedColumns } from '@sallyport/platform/encrypted-columns';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { openRow } from '../sealed-row.ts';
import { parseDeviceState, parseEnrolmentState } from './device-state.ts';
import type { DeviceState, EnrolmentState } from './device-state.ts';

type Row = { id: string; sealed: Encrypted };
type Tables = { fleet_devices: Row; fleet_enrolments: Row };

/** Rows of one table; all but the id is in one encrypted column. */
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
  /** Opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
};

export function createDeviceStore(needs: StoreNeeds): DeviceStore {
  const declared = { row: 'id', columns: { sealed: encrypted({ padBytes: 256 }) } } as const;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { fleet_devices: declared, fleet_enrolments: declared },
  });
  const all = { ...needs, columns };
  return {
    devices: sealedTable(all, 'fleet_devices', parseDeviceState),
    enrolments: sealedTable(all, 'fleet_enrolments', parseEnrolmentState),
  };
}

function sealedTable<State>(
  needs: StoreNeeds & { readonly columns: EncryptedColumns<Tables> },
  table: keyof Tables,
  parse: (text: string) => State,
): SealedTable<State> {
  const { database, sealingKey, columns, log } = needs;
  const tell = (id: string, message: string): void =>
    log.error('A kept device cannot be read and is let in no more', { table, id, message });
  return {
    async readAll() {
      const earlier = {
        sealed: (stored: string, { id }: Readonly<Record<string, unknown>>) =>
          openRow(sealingKey, `${table}/${String(id)}`, stored),
      };
      // What does not open is told of when it is read.
      await columns.reencrypt(database, table, { earlier });
      const opened = columns.on(database, {
        onDamaged: ({ details, message }) => tell(textOf(details['row']), message),
      });
      const rows = await opened.selectFrom(table).selectAll().orderBy('id').execute();
      return new Map(
        rows.flatMap(({ id, sealed }): [string, State][] => {
          try {
            return [[id, parse(sealed)]];
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
        .insertInto(table)
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
    },
    async remove(transaction, id) {
      await columns.on(transaction).deleteFrom(table).where('id', '=', id).execute();
    },
  };
}
