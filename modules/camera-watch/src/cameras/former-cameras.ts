import { parseJson } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import type { Log } from '@sallyport/platform/log';
import { Type, type Static } from 'typebox';
import { Check } from 'typebox/value';
import { openRow } from '../watching/sealed-row.ts';
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

type Tables = { camera_former: { id: string; sealed: Encrypted } };

/** Cameras that were removed keep their names beside what they recorded. All but the id is in one encrypted column. */
export type FormerCameras = {
  find(id: string): FormerCamera | undefined;
  /** In the transaction that removes it. Of more than are remembered the one removed first is forgotten. */
  add(transaction: Transaction, camera: FormerCamera): Promise<void>;
};

export async function createFormerCameras(needs: {
  readonly database: Database;
  /** Opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 1,000 when left out. */
  readonly mostRemembered?: number;
}): Promise<FormerCameras> {
  const { mostRemembered = 1000 } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { camera_former: { row: 'id', columns: { sealed: encrypted({ padBytes: 128 }) } } },
  });
  // Its recordings are found by its id all the same.
  const tell = (camera: unknown): void =>
    needs.log.error('The names of a camera that was removed cannot be read', { camera: String(camera) });
  const earlier = {
    sealed: (stored: string, row: Readonly<Record<string, unknown>>) => earlierText(needs, row['id'], stored),
  };
  // What does not open is told of when it is read.
  await columns.reencrypt(needs.database, 'camera_former', { earlier });
  const opened = columns.on(needs.database, { onDamaged: ({ details }) => tell(details['row']) });
  const rows = await opened.selectFrom('camera_former').selectAll().execute();
  const read = rows.flatMap(({ id, sealed }): FormerCamera[] => {
    const camera: unknown = parseJson(sealed);
    if (Check(FormerCamera, camera)) return [{ id, ...camera }];
    tell(id);
    return [];
  });
  const former = new Map(read.toSorted((a, b) => a.removedMs - b.removedMs).map((camera) => [camera.id, camera]));

  return {
    find: (id) => former.get(id),
    async add(transaction, camera) {
      const { id, ...rest } = camera;
      const tables = columns.on(transaction);
      const sealed = JSON.stringify(rest);
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

/** As earlier versions sealed it, bound to the id. Throws when it does not open. */
function earlierText(needs: { readonly sealingKey: Uint8Array }, id: unknown, stored: string): string {
  const camera = openRow(needs.sealingKey, `camera-former/${String(id)}`, stored);
  if (camera === null) throw new TypeError('Cannot open the row: must be as it was sealed');
  return JSON.stringify(camera);
}
