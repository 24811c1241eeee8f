import { auditEvent } from '@sallyport/ledger';
import { errorFields } from '@sallyport/platform/log';
import type { Principal } from '@sallyport/platform/http';
import { Value } from 'typebox/value';
import { dayOf, pictureFile, segmentFile } from './recording-files.ts';
import type { KeptPicture, Pictures } from './pictures.ts';
import type { HeldTime, RecordingLimits, RecordingNeeds } from './recording-needs.ts';
import type { RecordingStore, StoredSegment } from './recording-store.ts';
import { RetentionBody } from './timeline-schema.ts';
import type { Retention } from './timeline-schema.ts';

export type DeletionReason = 'age' | 'camera_limit' | 'total_limit' | 'low_disk';

/** Deletes the oldest when there is too much, and says so in the ledger before it does. */
export type RetentionKeeper = {
  read(): Promise<Retention>;
  change(retention: Retention, actor: Principal): Promise<Retention>;
  /** One look; deletes what is due. Looks asked for while one is under way are one. */
  sweep(): Promise<void>;
  /** The time by which age is counted. */
  steadyNowMs(): number;
};

const dayMs = 24 * 60 * 60 * 1000;
const gibibyte = 1024 ** 3;
const defaults: Retention = { days: 14, bytes_per_camera: 50 * gibibyte, bytes: 200 * gibibyte };
const batchSize = 200;
/** Of all that may be kept, what single pictures may take: a camera that tells too much must not push recordings out. */
const pictureShare = 0.1;
const retentionActor = { kind: 'system', id: 'camera-watch', name: 'retention' } as const;
/** Whoever fills the disk must not delete what has just happened. */
const keptOnLowDiskMs = dayMs;
/** A wall clock that jumps forward by more deletes nothing by age, until it is back or the server was started again. */
const followedJumpMs = 60_000;

export function createRetention(
  needs: Pick<RecordingNeeds, 'database' | 'outbox' | 'files' | 'clock' | 'log' | 'heldTimes'> & {
    readonly store: RecordingStore;
    readonly pictures: Pictures;
    readonly limits: RecordingLimits;
  },
): RetentionKeeper {
  const { store, files, pictures, clock, log, database, outbox } = needs;
  let sweeping: Promise<void> | undefined;
  let held: readonly HeldTime[] = [];
  let trusted = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };

  function steadyNowMs(): number {
    const expectedMs = trusted.wallMs + clock.monotonicMs() - trusted.monotonicMs;
    const wallMs = clock.nowMs();
    if (wallMs > expectedMs + followedJumpMs) return expectedMs;
    trusted = { wallMs, monotonicMs: clock.monotonicMs() };
    return wallMs;
  }

  async function read(): Promise<Retention> {
    const kept = await store.setting('retention');
    if (kept === undefined) return defaults;
    const value: unknown = JSON.parse(kept);
    return Value.Check(RetentionBody, value) ? value : defaults;
  }

  /** Recorded with the rows, before a file goes; a crash in between is finished at the next start. */
  async function remove(segments: readonly StoredSegment[], why: DeletionReason): Promise<void> {
    const cameras = Map.groupBy(segments, ({ camera }) => camera);
    await database.transaction().execute(async (transaction) => {
      await store.markDeleting(segments, transaction);
      for (const [camera, own] of cameras) {
        const fromMs = Math.min(...own.map(({ startMs }) => startMs));
        const toMs = Math.max(...own.map(({ endMs }) => endMs));
        for (const { startMs, endMs } of own)
          await store.note(camera, 'deleted', { fromMs: startMs, toMs: endMs }, transaction);
        const bytes = own.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
        await outbox.record(transaction, deletionEvent({ camera, fromMs, toMs, segments: own.length, bytes, why }));
      }
    });
    await outbox.flushed();
    await removeFiles(segments);
    for (const camera of cameras.keys()) await store.forgetDayKeys(camera, dayOf(clock.nowMs()), dayMs);
  }

  /** What cannot be removed now stays marked, and is tried again at the next look: one file holds up no other. */
  async function removeFiles(segments: readonly StoredSegment[]): Promise<void> {
    for (const segment of segments)
      try {
        await files.remove(segmentFile(segment.camera, segment.startMs));
        await store.remove(segment);
      } catch (error) {
        log.error('A deleted recording is still on the disk', { camera: segment.camera, ...errorFields(error) });
      }
  }

  const deletionEvent = (deleted: {
    camera: string;
    fromMs: number;
    toMs: number;
    segments: number;
    bytes: number;
    why: DeletionReason;
  }) =>
    auditEvent({
      nowMs: clock.nowMs(),
      actor: retentionActor,
      action: 'recording.delete',
      classUid: 6003,
      activityId: 4,
      outcome: 'success',
      target: { type: 'camera', id: deleted.camera },
      details: {
        from_ms: deleted.fromMs,
        to_ms: deleted.toMs,
        segments: deleted.segments,
        bytes: deleted.bytes,
        why: deleted.why,
      },
    });

  async function removeOld(beforeMs: number): Promise<void> {
    for (;;) {
      const due = await store.oldest({ endedBeforeMs: beforeMs, held, limit: batchSize });
      if (due.length === 0) break;
      await remove(due, 'age');
    }
    for (;;) {
      const due = await pictures.oldest({ beforeMs, held, limit: batchSize });
      if (due.length === 0) return;
      await removePictures(due, 'age');
      // A picture that is held keeps its key.
      const [oldest] = await pictures.oldest({ limit: 1 });
      await store.forgetDayKeys('pictures', Math.min(dayOf(beforeMs), dayOf(oldest?.madeMs ?? beforeMs)), dayMs);
    }
  }

  /** Recorded before a file goes; after a crash in between those left are due again. */
  async function removePictures(due: readonly KeptPicture[], why: DeletionReason): Promise<void> {
    const event = auditEvent({
      nowMs: clock.nowMs(),
      actor: retentionActor,
      action: 'recording.delete',
      classUid: 6003,
      activityId: 4,
      outcome: 'success',
      target: { type: 'pictures', id: 'pictures' },
      details: {
        from_ms: Math.min(...due.map(({ madeMs }) => madeMs)),
        to_ms: Math.max(...due.map(({ madeMs }) => madeMs)),
        pictures: due.length,
        bytes: due.reduce((sum, { bytes }) => sum + bytes, 0),
        why,
      },
    });
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
    await outbox.flushed();
    for (const picture of due) {
      await files
        .remove(pictureFile(picture.sha256, picture.madeMs))
        .catch((error: unknown) => log.error('A deleted picture is still on the disk', errorFields(error)));
      await pictures.forget(picture.sha256);
    }
  }

  /** The oldest pictures until `excess` bytes are gone, or none is left that may go. */
  async function removePictureBytes(excess: number, why: DeletionReason, beforeMs?: number): Promise<number> {
    let left = excess;
    while (left > 0) {
      const due: KeptPicture[] = [];
      for (const picture of await pictures.oldest({
        held,
        limit: batchSize,
        ...(beforeMs === undefined ? {} : { beforeMs }),
      })) {
        if (left <= 0) break;
        due.push(picture);
        left -= picture.bytes;
      }
      if (due.length === 0) break;
      await removePictures(due, why);
    }
    return excess - left;
  }

  /** The oldest of one camera until `excess` bytes are gone. */
  async function removeBytes(
    camera: string,
    excess: number,
    why: DeletionReason,
    endedBeforeMs?: number,
  ): Promise<number> {
    let left = excess;
    while (left > 0) {
      const options = endedBeforeMs === undefined ? {} : { endedBeforeMs };
      const oldest = await store.oldest({ camera, held, limit: batchSize, ...options });
      const due: StoredSegment[] = [];
      for (const segment of oldest) {
        if (left <= 0) break;
        due.push(segment);
        left -= segment.plainBytes;
      }
      if (due.length === 0) break;
      await remove(due, why);
    }
    return excess - left;
  }

  /** From whoever has more than an even share, the most first: a camera that floods takes nobody else's room. */
  async function removeShared(excess: number, why: DeletionReason, endedBeforeMs?: number): Promise<void> {
    const use = (await store.use()).toSorted((left, right) => right.bytes - left.bytes);
    const total = use.reduce((sum, { bytes }) => sum + bytes, 0);
    const share = Math.max(0, total - excess) / Math.max(1, use.length);
    let left = excess;
    for (const { camera, bytes } of use) {
      if (left <= 0) return;
      left -= await removeBytes(camera, Math.min(left, Math.ceil(bytes - share)), why, endedBeforeMs);
    }
  }

  async function sweepOnce(): Promise<void> {
    held = (await needs.heldTimes?.()) ?? [];
    await removeFiles(await store.inState('deleting'));
    const retention = await read();
    await removeOld(steadyNowMs() - retention.days * dayMs);
    for (const { camera, bytes } of await store.use())
      if (bytes > retention.bytes_per_camera)
        await removeBytes(camera, bytes - retention.bytes_per_camera, 'camera_limit');
    const total = (await store.use()).reduce((sum, { bytes }) => sum + bytes, 0);
    if (total > retention.bytes) await removeShared(total - retention.bytes, 'total_limit');
    const pictureExcess = (await pictures.bytes()) - Math.floor(retention.bytes * pictureShare);
    if (pictureExcess > 0) await removePictureBytes(pictureExcess, 'total_limit');
    const lacking = needs.limits.lowDiskBytes - (await files.freeBytes());
    if (lacking > 0) {
      log.warn('The disk is filling up; the oldest recordings are deleted', { lacking_bytes: lacking });
      const beforeMs = steadyNowMs() - keptOnLowDiskMs;
      const freed = await removePictureBytes(Math.ceil(lacking * pictureShare), 'low_disk', beforeMs);
      await removeShared(lacking - freed, 'low_disk', beforeMs);
    }
  }

  return {
    read,
    steadyNowMs,
    async change(retention, actor) {
      await database.transaction().execute(async (transaction) => {
        await store.saveSetting('retention', JSON.stringify(retention), transaction);
        await outbox.record(
          transaction,
          auditEvent({
            nowMs: clock.nowMs(),
            actor,
            action: 'recording.change-retention',
            classUid: 6003,
            activityId: 3,
            outcome: 'success',
            target: { type: 'recordings', id: 'retention' },
            details: { ...retention },
          }),
        );
      });
      await outbox.flushed();
      return retention;
    },
    sweep() {
      sweeping ??= sweepOnce()
        .catch((error: unknown) => log.error('Recordings were not looked over', errorFields(error)))
        .finally(() => {
          sweeping = undefined;
        });
      return sweeping;
    },
  };
}
