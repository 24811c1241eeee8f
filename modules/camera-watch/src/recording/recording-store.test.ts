import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { cameraWatchMigrations } from '../migrations/migrations.ts';
import { createRecordingStore } from './recording-store.ts';

function segment(camera: string, startMs: number, plainBytes = 100) {
  const endMs = startMs + 9000;
  const sums = { plainSha256: 'a', sealedSha256: 'b' };
  return { camera, startMs, endMs, frames: 4, audio: 0, isLate: false, plainBytes, ...sums };
}

forEachDatabase((name, open) => {
  test(`segments, notes and keys are kept and found on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [cameraWatchMigrations]);
    const store = createRecordingStore(database);
    const startMs = Date.UTC(2026, 10, 22);
    for (const [camera, at] of [
      ['yard', 0],
      ['yard', 10_000],
      ['door', 5000],
    ] as const) {
      assert.equal(await store.begin(segment(camera, startMs + at, 3_000_000_000)), true);
      await store.keep({ camera, startMs: startMs + at }, { log: 1, index: at });
    }
    assert.equal(await store.begin(segment('yard', startMs)), false);
    assert.deepEqual(
      (await store.between('yard', startMs + 9500, startMs + 20_000)).map((row) => row.startMs),
      [startMs + 10_000],
    );
    assert.deepEqual(
      (await store.oldest({ limit: 2 })).map(({ camera }) => camera),
      ['yard', 'door'],
    );
    assert.deepEqual(
      (await store.use()).toSorted((left, right) => left.bytes - right.bytes),
      [
        { camera: 'door', bytes: 3_000_000_000, segments: 1 },
        { camera: 'yard', bytes: 6_000_000_000, segments: 2 },
      ],
    );
    await store.note('yard', 'lost', { fromMs: 100, toMs: 200 });
    await store.note('yard', 'lost', { fromMs: 20_000, toMs: 20_100 });
    await store.note('yard', 'lost', { fromMs: 250, toMs: 16_000 });
    assert.deepEqual(await store.notes('yard', 0, startMs), [{ why: 'lost', fromMs: 100, toMs: 20_100 }]);
    assert.equal(await store.firstMoment('yard'), 100);
    await store.note('yard', 'camera_off', { fromMs: 30_000, toMs: 8.64e15 });
    await store.endNote('yard', 'camera_off', 40_000);
    assert.deepEqual(
      (await store.notes('yard', 25_000, startMs)).map(({ toMs }) => toMs),
      [40_000],
    );
    await store.addDayKey('yard', 7, 'first');
    await store.addDayKey('yard', 7, 'second');
    assert.equal(await store.dayKey('yard', 7), 'first');
    await store.forgetDayKeys('yard', 8, 86_400_000);
    assert.equal(await store.dayKey('yard', 7), undefined);
    await database.transaction().execute(async (transaction) => {
      await store.saveSetting('retention', 'a', transaction);
      await store.saveSetting('retention', 'b', transaction);
    });
    assert.equal(await store.setting('retention'), 'b');
  });
});
