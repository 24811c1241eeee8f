import type { Position } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { isUniqueViolation } from '@sallyport/platform/database';
import type { RecordedSegment } from './recording-event.ts';
import type { HeldTime } from './recording-needs.ts';
import { createRecordingNotes } from './recording-notes.ts';
import type { RecordingTables, SegmentState } from './recording-tables.ts';

export type StoredSegment = RecordedSegment & {
  readonly audio: number;
  readonly plainBytes: number;
  readonly state: SegmentState;
  /** Where its event stands; undefined until it counts as kept. */
  readonly position: Position | undefined;
};

/** What a camera's recordings take. */
export type CameraUse = { readonly camera: string; readonly bytes: number; readonly segments: number };

/** No camera records for longer than this in one segment; the limit of the format is two minutes. */
const longestSegmentMs = 120_000;

export function createRecordingStore(database: Database) {
  const tables = database.withTables<RecordingTables>();
  const own = (transaction?: Transaction) => transaction?.withTables<RecordingTables>() ?? tables;

  return {
    /** False when the camera has a segment that begins at this moment. */
    async begin(segment: Omit<StoredSegment, 'state' | 'position'>): Promise<boolean> {
      const row = {
        camera: segment.camera,
        start_ms: segment.startMs,
        end_ms: segment.endMs,
        frames: segment.frames,
        audio: segment.audio,
        late: segment.isLate ? 1 : 0,
        plain_bytes: segment.plainBytes,
        plain_sha256: segment.plainSha256,
        sealed_sha256: segment.sealedSha256,
        state: 'sealing' as const,
        log: null,
        entry_index: null,
      };
      try {
        await tables.insertInto('camera_segments').values(row).execute();
        return true;
      } catch (error) {
        if (isUniqueViolation(error)) return false;
        throw error;
      }
    },
    async keep({ camera, startMs }: { camera: string; startMs: number }, { log, index }: Position): Promise<void> {
      await tables
        .updateTable('camera_segments')
        .set({ state: 'kept', log, entry_index: index })
        .where('camera', '=', camera)
        .where('start_ms', '=', startMs)
        .where('state', '=', 'sealing')
        .execute();
    },
    async remove({ camera, startMs }: { camera: string; startMs: number }, within?: Transaction): Promise<void> {
      await own(within)
        .deleteFrom('camera_segments')
        .where('camera', '=', camera)
        .where('start_ms', '=', startMs)
        .execute();
    },
    async markDeleting(segments: readonly StoredSegment[], transaction: Transaction): Promise<void> {
      for (const { camera, startMs } of segments)
        await own(transaction)
          .updateTable('camera_segments')
          .set({ state: 'deleting' })
          .where('camera', '=', camera)
          .where('start_ms', '=', startMs)
          .execute();
    },
    async find(camera: string, startMs: number): Promise<StoredSegment | undefined> {
      const row = await tables
        .selectFrom('camera_segments')
        .selectAll()
        .where('camera', '=', camera)
        .where('start_ms', '=', startMs)
        .executeTakeFirst();
      return row === undefined ? undefined : segmentOf(row);
    },
    /** Those of one camera that touch the time, oldest first. */
    async between(camera: string, fromMs: number, toMs: number, limit = 10_000): Promise<StoredSegment[]> {
      const rows = await tables
        .selectFrom('camera_segments')
        .selectAll()
        .where('camera', '=', camera)
        .where('state', '=', 'kept')
        .where('start_ms', '>=', fromMs - longestSegmentMs)
        .where('start_ms', '<=', toMs)
        .where('end_ms', '>=', fromMs)
        .orderBy('start_ms')
        .limit(limit)
        .execute();
      return rows.map(segmentOf);
    },
    /** Live ones of one camera that touch the time and whose hash is not in the ledger yet. */
    async unkept(camera: string, fromMs: number, toMs: number): Promise<StoredSegment[]> {
      const rows = await tables
        .selectFrom('camera_segments')
        .selectAll()
        .where('camera', '=', camera)
        .where('state', '=', 'sealing')
        .where('late', '=', 0)
        .where('start_ms', '<=', toMs)
        .where('end_ms', '>=', fromMs)
        .execute();
      return rows.map(segmentOf);
    },
    async inState(state: SegmentState, limit = 100_000): Promise<StoredSegment[]> {
      const rows = await tables
        .selectFrom('camera_segments')
        .selectAll()
        .where('state', '=', state)
        .orderBy('start_ms')
        .limit(limit)
        .execute();
      return rows.map(segmentOf);
    },
    /** Kept segments in the order of time, after the one given: so many at once. */
    async keptAfter(last: { startMs: number; camera: string } | undefined, limit: number): Promise<StoredSegment[]> {
      let query = tables.selectFrom('camera_segments').selectAll().where('state', '=', 'kept');
      if (last !== undefined)
        query = query
          .where('start_ms', '>=', last.startMs)
          .where(({ or, eb }) => or([eb('start_ms', '>', last.startMs), eb('camera', '>', last.camera)]));
      return (await query.orderBy('start_ms').orderBy('camera').limit(limit).execute()).map(segmentOf);
    },
    /** Kept segments, the oldest of all first, of one camera when given. */
    async oldest(options: {
      camera?: string;
      endedBeforeMs?: number;
      /** Those that touch one of these times are left out. */
      held?: readonly HeldTime[];
      limit: number;
    }): Promise<StoredSegment[]> {
      let query = tables.selectFrom('camera_segments').selectAll().where('state', '=', 'kept');
      if (options.camera !== undefined) query = query.where('camera', '=', options.camera);
      if (options.endedBeforeMs !== undefined) query = query.where('end_ms', '<', options.endedBeforeMs);
      for (const { fromMs, toMs } of options.held ?? [])
        query = query.where((where) => where.or([where('end_ms', '<', fromMs), where('start_ms', '>=', toMs)]));
      const rows = await query.orderBy('start_ms').orderBy('camera').limit(options.limit).execute();
      return rows.map(segmentOf);
    },
    async use(): Promise<CameraUse[]> {
      const rows = await tables
        .selectFrom('camera_segments')
        .select(({ fn }) => [
          'camera',
          fn.sum<number | string>('plain_bytes').as('bytes'),
          fn.countAll<number | string>().as('segments'),
        ])
        .where('state', '=', 'kept')
        .groupBy('camera')
        .execute();
      return rows.map(({ camera, bytes, segments }) => ({ camera, bytes: Number(bytes), segments: Number(segments) }));
    },
    /** The first moment anything is known of; before it there is nothing to explain. */
    async firstMoment(camera: string): Promise<number | undefined> {
      const [segment, noted] = await Promise.all([
        tables
          .selectFrom('camera_segments')
          .select('start_ms')
          .where('camera', '=', camera)
          .orderBy('start_ms')
          .limit(1)
          .executeTakeFirst(),
        tables
          .selectFrom('camera_recording_notes')
          .select('from_ms')
          .where('camera', '=', camera)
          .orderBy('from_ms')
          .limit(1)
          .executeTakeFirst(),
      ]);
      const moments = [segment?.start_ms, noted?.from_ms].filter((moment) => moment !== undefined);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
    ...createRecordingNotes(database),
    async dayKey(camera: string, day: number): Promise<string | undefined> {
      const row = await tables
        .selectFrom('camera_recording_keys')
        .select('wrapped')
        .where('camera', '=', camera)
        .where('day', '=', day)
        .executeTakeFirst();
      return row?.wrapped;
    },
    /** The one that is there wins. */
    async addDayKey(camera: string, day: number, wrapped: string): Promise<void> {
      await tables
        .insertInto('camera_recording_keys')
        .values({ camera, day, wrapped })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    /** Of days before this one, those nothing is kept of any more: what was sealed under them can never be read again. */
    async forgetDayKeys(camera: string, beforeDay: number, dayMs: number): Promise<void> {
      const first = await tables
        .selectFrom('camera_segments')
        .select('start_ms')
        .where('camera', '=', camera)
        .orderBy('start_ms')
        .limit(1)
        .executeTakeFirst();
      const firstDay = first === undefined ? beforeDay : Math.min(beforeDay, Math.floor(first.start_ms / dayMs));
      await tables
        .deleteFrom('camera_recording_keys')
        .where('camera', '=', camera)
        .where('day', '<', firstDay)
        .execute();
    },
    async setting(name: string): Promise<string | undefined> {
      const row = await tables
        .selectFrom('camera_recording_settings')
        .select('value')
        .where('name', '=', name)
        .executeTakeFirst();
      return row?.value;
    },
    async saveSetting(name: string, value: string, transaction: Transaction): Promise<void> {
      await own(transaction)
        .insertInto('camera_recording_settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
  };
}

export type RecordingStore = ReturnType<typeof createRecordingStore>;

function segmentOf(row: RecordingTables['camera_segments']): StoredSegment {
  return {
    camera: row.camera,
    startMs: row.start_ms,
    endMs: row.end_ms,
    frames: row.frames,
    audio: row.audio,
    isLate: row.late === 1,
    plainBytes: row.plain_bytes,
    plainSha256: row.plain_sha256,
    sealedSha256: row.sealed_sha256,
    state: row.state,
    position: row.log === null || row.entry_index === null ? undefined : { log: row.log, index: row.entry_index },
  };
}
