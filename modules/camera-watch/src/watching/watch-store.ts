import { parseJson, textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, EncryptedColumnError } from '@sallyport/platform/encrypted-columns';
import type { Log } from '@sallyport/platform/log';
import { Check } from 'typebox/value';
import type { CameraStanding } from './camera-notice.ts';
import { emptyPlan, PlanBody, planDocument, planOf } from './plan-schema.ts';
import { earlierRow } from './sealed-row.ts';
import { parseStanding } from './standing-schema.ts';
import type { WatchPlan } from './zone.ts';

type Tables = {
  camera_zones: { camera_id: string; revision: number; sealed: Encrypted };
  camera_standings: { camera_id: string; sealed: Encrypted };
};

export type KeptPlan = { readonly plan: WatchPlan; readonly revision: number };

/** What people chose for cameras, and how the watch stands to them. A row that cannot be read is said and begun anew. */
export type WatchStore = {
  plans(): Promise<Map<string, KeptPlan>>;
  revisionOf(transaction: Transaction, cameraId: string): Promise<number>;
  savePlan(transaction: Transaction, cameraId: string, kept: KeptPlan): Promise<void>;
  standings(): Promise<Map<string, CameraStanding>>;
  saveStanding(transaction: Transaction, cameraId: string, standing: CameraStanding): Promise<void>;
  forget(transaction: Transaction, cameraId: string): Promise<void>;
};

export function createWatchStore(needs: {
  readonly database: Database;
  /** Opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly timeZone: string;
  readonly log: Log;
}): WatchStore {
  const { database, log } = needs;
  const declared = { row: 'camera_id', columns: { sealed: encrypted({ padBytes: 256 }) } } as const;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { camera_zones: declared, camera_standings: declared },
  });

  function damaged(what: string, cameraId: string): [] {
    log.error(`Kept ${what} of a camera cannot be read and are begun anew`, { camera: cameraId });
    return [];
  }

  /** A table whose every row can be read, those of earlier versions taken over; what does not open is said and left out. */
  async function opened(table: keyof Tables, what: string) {
    const sealed = earlierRow(needs.sealingKey, ({ camera_id: id }) => rowOf[table](String(id)));
    await columns.reencrypt(database, table, { earlier: { sealed } });
    const onDamaged = ({ details }: EncryptedColumnError): [] => damaged(what, textOf(details['row']));
    return columns.on(database, { onDamaged });
  }

  return {
    async plans() {
      const rows = await (await opened('camera_zones', 'zones')).selectFrom('camera_zones').selectAll().execute();
      return new Map(
        rows.flatMap(({ camera_id: id, revision, sealed }): [string, KeptPlan][] => {
          const value: unknown = parseJson(sealed);
          if (!Check(PlanBody, value)) return damaged('zones', id);
          return [[id, { plan: planOf(value, emptyPlan(needs.timeZone)), revision }]];
        }),
      );
    },
    async revisionOf(transaction, cameraId) {
      const row = await columns
        .on(transaction)
        .selectFrom('camera_zones')
        .select('revision')
        .where('camera_id', '=', cameraId)
        .executeTakeFirst();
      return row?.revision ?? 0;
    },
    async savePlan(transaction, cameraId, { plan, revision }) {
      const sealed = JSON.stringify(planDocument(plan));
      await columns
        .on(transaction)
        .insertInto('camera_zones')
        .values({ camera_id: cameraId, revision, sealed })
        .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ revision, sealed }))
        .execute();
    },
    async standings() {
      const standings = await opened('camera_standings', 'notes');
      const rows = await standings.selectFrom('camera_standings').selectAll().execute();
      return new Map(
        rows.flatMap(({ camera_id: id, sealed }): [string, CameraStanding][] => {
          const standing = parseStanding(parseJson(sealed));
          return standing === undefined ? damaged('notes', id) : [[id, standing]];
        }),
      );
    },
    async saveStanding(transaction, cameraId, standing) {
      const { tamper, sightings } = standing;
      const sealed = JSON.stringify({
        connection: standing.connection,
        ...(tamper === undefined ? {} : { tamper: { ...tamper, kinds: [...tamper.kinds] } }),
        sightings: sightings.map((sighting) => ({ ...sighting })),
        nextId: standing.nextId,
      });
      await columns
        .on(transaction)
        .insertInto('camera_standings')
        .values({ camera_id: cameraId, sealed })
        .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ sealed }))
        .execute();
    },
    async forget(transaction, cameraId) {
      const both = columns.on(transaction);
      await both.deleteFrom('camera_zones').where('camera_id', '=', cameraId).execute();
      await both.deleteFrom('camera_standings').where('camera_id', '=', cameraId).execute();
    },
  };
}

/** What rows of earlier versions were bound to. */
const rowOf: Readonly<Record<keyof Tables, (cameraId: string) => string>> = {
  camera_zones: (cameraId) => `camera-zones/${cameraId}`,
  camera_standings: (cameraId) => `camera-standing/${cameraId}`,
};
