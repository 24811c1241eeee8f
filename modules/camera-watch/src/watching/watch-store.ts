import type { Database, Transaction } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import { Check } from 'typebox/value';
import type { CameraStanding } from './camera-notice.ts';
import { emptyPlan, PlanBody, planDocument, planOf } from './plan-schema.ts';
import { openRow, sealRow } from './sealed-row.ts';
import { parseStanding } from './standing-schema.ts';
import type { WatchPlan } from './zone.ts';

type Tables = {
  camera_zones: { camera_id: string; revision: number; sealed: string };
  camera_standings: { camera_id: string; sealed: string };
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
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly timeZone: string;
  readonly log: Log;
}): WatchStore {
  const { database, sealingKey, log } = needs;
  const tables = database.withTables<Tables>();

  function damaged(what: string, cameraId: string): [] {
    log.error(`Kept ${what} of a camera cannot be read and are begun anew`, { camera: cameraId });
    return [];
  }

  return {
    async plans() {
      const rows = await tables.selectFrom('camera_zones').selectAll().execute();
      return new Map(
        rows.flatMap(({ camera_id: id, revision, sealed }): [string, KeptPlan][] => {
          const value = openRow(sealingKey, planRow(id), sealed);
          if (!Check(PlanBody, value)) return damaged('zones', id);
          return [[id, { plan: planOf(value, emptyPlan(needs.timeZone)), revision }]];
        }),
      );
    },
    async revisionOf(transaction, cameraId) {
      const row = await transaction
        .withTables<Tables>()
        .selectFrom('camera_zones')
        .select('revision')
        .where('camera_id', '=', cameraId)
        .executeTakeFirst();
      return row?.revision ?? 0;
    },
    async savePlan(transaction, cameraId, { plan, revision }) {
      const sealed = sealRow(needs, planRow(cameraId), planDocument(plan));
      await transaction
        .withTables<Tables>()
        .insertInto('camera_zones')
        .values({ camera_id: cameraId, revision, sealed })
        .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ revision, sealed }))
        .execute();
    },
    async standings() {
      const rows = await tables.selectFrom('camera_standings').selectAll().execute();
      return new Map(
        rows.flatMap(({ camera_id: id, sealed }): [string, CameraStanding][] => {
          const standing = parseStanding(openRow(sealingKey, standingRow(id), sealed));
          return standing === undefined ? damaged('notes', id) : [[id, standing]];
        }),
      );
    },
    async saveStanding(transaction, cameraId, standing) {
      const { tamper, sightings } = standing;
      const sealed = sealRow(needs, standingRow(cameraId), {
        connection: standing.connection,
        ...(tamper === undefined ? {} : { tamper: { ...tamper, kinds: [...tamper.kinds] } }),
        sightings: sightings.map((sighting) => ({ ...sighting })),
        nextId: standing.nextId,
      });
      await transaction
        .withTables<Tables>()
        .insertInto('camera_standings')
        .values({ camera_id: cameraId, sealed })
        .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ sealed }))
        .execute();
    },
    async forget(transaction, cameraId) {
      const both = transaction.withTables<Tables>();
      await both.deleteFrom('camera_zones').where('camera_id', '=', cameraId).execute();
      await both.deleteFrom('camera_standings').where('camera_id', '=', cameraId).execute();
    },
  };
}

const planRow = (cameraId: string): string => `camera-zones/${cameraId}`;
const standingRow = (cameraId: string): string => `camera-standing/${cameraId}`;
