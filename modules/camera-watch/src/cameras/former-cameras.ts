import type { Database, Transaction } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import { Type, type Static } from 'typebox';
import { Check } from 'typebox/value';
import { openRow, sealRow } from '../watching/sealed-row.ts';
import { CameraBody } from './camera-schema.ts';

const FormerCamera = Type.Object({
  name: Type.String(),
  place: Type.String(),
  site: Type.String(),
  kind: CameraBody.properties.kind,
  removedMs: Type.Number(),
});

/** What is left of a camera on the network that was removed: names, no address and no password. */
export type FormerCamera = Static<typeof FormerCamera> & { readonly id: string };

type Tables = { camera_former: { id: string; sealed: string } };

/** Cameras that were removed keep their names beside what they recorded. Rows are sealed (AES-256-GCM, bound to their id). */
export type FormerCameras = {
  find(id: string): FormerCamera | undefined;
  /** In the transaction that removes it. Of more than are remembered the one removed first is forgotten. */
  add(transaction: Transaction, camera: FormerCamera): Promise<void>;
};

export async function createFormerCameras(needs: {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 1,000 when left out. */
  readonly mostRemembered?: number;
}): Promise<FormerCameras> {
  const { mostRemembered = 1000 } = needs;
  const rows = await needs.database.withTables<Tables>().selectFrom('camera_former').selectAll().execute();
  const read = rows.flatMap(({ id, sealed }): FormerCamera[] => {
    const camera = openRow(needs.sealingKey, rowOf(id), sealed);
    if (Check(FormerCamera, camera)) return [{ id, ...camera }];
    // Its recordings are found by its id all the same.
    needs.log.error('The names of a camera that was removed cannot be read', { camera: id });
    return [];
  });
  const former = new Map(read.toSorted((a, b) => a.removedMs - b.removedMs).map((camera) => [camera.id, camera]));

  return {
    find: (id) => former.get(id),
    async add(transaction, camera) {
      const { id, ...rest } = camera;
      const tables = transaction.withTables<Tables>();
      const sealed = sealRow(needs, rowOf(id), rest);
      await tables
        .insertInto('camera_former')
        .values({ id, sealed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed }))
        .execute();
      former.set(id, camera);
      const [oldest] = former.keys();
      if (former.size <= mostRemembered || oldest === undefined) return;
      former.delete(oldest);
      await tables.deleteFrom('camera_former').where('id', '=', oldest).execute();
    },
  };
}

const rowOf = (id: string): string => `camera-former/${id}`;
