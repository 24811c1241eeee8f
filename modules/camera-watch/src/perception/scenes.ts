import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import { openBytes, sealBytes } from '../watching/sealed-row.ts';

type Tables = { camera_scenes: { camera_id: string; sealed: string } };

/**
 * What each camera usually sees, over restarts of the server: whoever waits for one to cover a lens is told of all the
 * same. Bytes of the perceiver process, which nobody here reads; sealed, bound to their camera.
 */
export type Scenes = {
  /** What was kept; undefined for a camera that has to be learnt anew. */
  recall(cameraId: string): Uint8Array | undefined;
  /** Keeps what was learnt by now, at once the first time and then every ten minutes at most. Never throws. */
  keep(cameraId: string, learnt: Uint8Array): void;
  /** Gone from the database when it resolves; rejects when it is not. */
  forget(cameraId: string): Promise<void>;
  /** What was learnt last is kept. */
  close(): Promise<void>;
};

/** A scene is followed over minutes, and judged by what light does not change: an older one does as well. */
const keepEveryMs = 600_000;

export async function createScenes(needs: {
  /** Migrated with `cameraWatchMigrations`. */
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Scenes> {
  const { clock, database, log } = needs;
  const tables = database.withTables<Tables>();
  const kept = new Map<string, Uint8Array>();
  const keptAtMs = new Map<string, number>();
  const waiting = new Map<string, Uint8Array>();
  let writing: Promise<void> = Promise.resolve();

  for (const { camera_id: id, sealed } of await tables.selectFrom('camera_scenes').selectAll().execute()) {
    const learnt = openBytes(needs.sealingKey, rowOf(id), sealed);
    if (learnt === undefined) log.error('A kept scene of a camera cannot be read and is learnt anew', { camera: id });
    else kept.set(id, learnt);
  }

  function write(cameraId: string): void {
    const learnt = waiting.get(cameraId);
    if (learnt === undefined) return;
    waiting.delete(cameraId);
    keptAtMs.set(cameraId, clock.monotonicMs());
    const sealed = sealBytes(needs, rowOf(cameraId), learnt);
    writing = writing.then(async () => {
      try {
        await tables
          .insertInto('camera_scenes')
          .values({ camera_id: cameraId, sealed })
          .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ sealed }))
          .execute();
      } catch (error) {
        log.warn('What a camera usually sees was not kept', { camera: cameraId, ...errorFields(error) });
      }
    });
  }

  return {
    recall: (cameraId) => kept.get(cameraId),
    keep(cameraId, learnt) {
      kept.delete(cameraId);
      waiting.set(cameraId, learnt);
      const atMs = keptAtMs.get(cameraId);
      if (atMs === undefined || clock.monotonicMs() - atMs >= keepEveryMs) write(cameraId);
    },
    async forget(cameraId) {
      kept.delete(cameraId);
      waiting.delete(cameraId);
      keptAtMs.delete(cameraId);
      const gone = writing.then(async () => {
        await tables.deleteFrom('camera_scenes').where('camera_id', '=', cameraId).execute();
      });
      writing = gone.catch(() => undefined);
      await gone;
    },
    async close() {
      for (const cameraId of waiting.keys()) write(cameraId);
      await writing;
    },
  };
}

const rowOf = (cameraId: string): string => `camera-scene/${cameraId}`;
