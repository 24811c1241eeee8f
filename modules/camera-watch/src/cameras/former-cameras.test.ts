import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import { createLog } from '@sallyport/platform/log';
import { cameraWatchMigrations } from '../migrations/migrations.ts';
import { sealRow } from '../watching/sealed-row.ts';
import { createFormerCameras } from './former-cameras.ts';
import type { FormerCamera } from './former-cameras.ts';

type Rows = { camera_former: { id: string; sealed: string } };

forEachDatabase((name, open) => {
  test(`a camera that was removed keeps its names, sealed, and no more than so many do, on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [cameraWatchMigrations]);
    const lines: string[] = [];
    const log = createLog({ clock: createManualClock(0), write: (line) => lines.push(line) });
    const sealingKey = randomBytes(32);
    const store = { open: async () => undefined, seal: async () => undefined };
    const columnKeys = await openColumnKeys({ store, name: 'columns', tenant: 'local', random: randomBytes });
    const start = () =>
      createFormerCameras({ database, sealingKey, columnKeys, random: randomBytes, log, mostRemembered: 10 });
    const kind = 'rtsp';
    const camera = (at: number): FormerCamera => ({
      id: `net-${at}`,
      name: `Gate ${at}`,
      place: 'Yard',
      site: 'Mill',
      kind,
      removedMs: at,
    });
    const former = await start();
    await database.transaction().execute(async (transaction) => {
      for (let at = 1; at <= 12; at += 1) await former.add(transaction, camera(at));
    });
    for (const cameras of [former, await start()]) {
      assert.deepEqual(cameras.find('net-12'), camera(12));
      assert.deepEqual([cameras.find('net-1'), cameras.find('net-2')], [undefined, undefined], 'the oldest are gone');
      assert.deepEqual(cameras.find('net-3'), camera(3));
    }
    const tables = database.withTables<Rows>();
    const rows = await tables.selectFrom('camera_former').selectAll().execute();
    assert.equal(rows.length, 10);
    assert.doesNotMatch(JSON.stringify(rows), /Gate|Yard|Mill/);
    // A row in another's place opens no more than one that was changed.
    const sealed = rows.find(({ id }) => id === 'net-5')?.sealed ?? '';
    await tables.updateTable('camera_former').set({ sealed }).where('id', '=', 'net-6').execute();
    const again = await start();
    assert.deepEqual([again.find('net-5')?.name, again.find('net-6')], ['Gate 5', undefined]);
    assert.match(lines.join(''), /cannot be read/);
    // What an earlier version sealed is read, and sealed anew, once.
    const { id, ...rest } = camera(99);
    const earlier = sealRow({ sealingKey, random: randomBytes }, `camera-former/${id}`, rest);
    await tables.insertInto('camera_former').values({ id, sealed: earlier }).execute();
    assert.deepEqual((await start()).find(id), camera(99));
    const taken = await tables.selectFrom('camera_former').select('sealed').where('id', '=', id).executeTakeFirst();
    assert.match(taken?.sealed ?? '', /^sealed1\.1\./);
    assert.deepEqual((await start()).find(id), camera(99));
  });
});
