import type { Database, Transaction } from '@sallyport/platform/database';
import type { RecordingTables } from './recording-tables.ts';

export type RecordingNote = {
  readonly why: RecordingTables['camera_recording_notes']['why'];
  readonly fromMs: number;
  readonly toMs: number;
};

/** Notes of one reason that are no further apart become one. */
const mergeWithinMs = 5000;
/** Why there is no recording of a time, where that is known. */
export function createRecordingNotes(database: Database) {
  const tables = database.withTables<RecordingTables>();

  async function noteWithin(
    transaction: Transaction,
    camera: string,
    why: RecordingNote['why'],
    span: { fromMs: number; toMs: number },
  ): Promise<void> {
    const query = transaction.withTables<RecordingTables>();
    const touching = await query
      .selectFrom('camera_recording_notes')
      .selectAll()
      .where('camera', '=', camera)
      .where('why', '=', why)
      .where('to_ms', '>=', span.fromMs - mergeWithinMs)
      .where('from_ms', '<=', span.toMs + mergeWithinMs)
      .execute();
    const fromMs = Math.min(span.fromMs, ...touching.map(({ from_ms: from }) => from));
    const toMs = Math.max(span.toMs, ...touching.map(({ to_ms: to }) => to));
    for (const { from_ms: from } of touching)
      await query
        .deleteFrom('camera_recording_notes')
        .where('camera', '=', camera)
        .where('why', '=', why)
        .where('from_ms', '=', from)
        .execute();
    await query.insertInto('camera_recording_notes').values({ camera, why, from_ms: fromMs, to_ms: toMs }).execute();
  }

  return {
    /** All of it or nothing, also beside another of the same camera. */
    async note(
      camera: string,
      why: RecordingNote['why'],
      span: { fromMs: number; toMs: number },
      within?: Transaction,
    ): Promise<void> {
      if (within !== undefined) return noteWithin(within, camera, why, span);
      await database.transaction().execute((transaction) => noteWithin(transaction, camera, why, span));
    },
    async notes(camera: string, fromMs: number, toMs: number): Promise<RecordingNote[]> {
      const rows = await tables
        .selectFrom('camera_recording_notes')
        .selectAll()
        .where('camera', '=', camera)
        .where('to_ms', '>=', fromMs)
        .where('from_ms', '<=', toMs)
        .orderBy('from_ms')
        .execute();
      return rows.map(({ why, from_ms: from, to_ms: to }) => ({ why, fromMs: from, toMs: to }));
    },
    /** Ends a note that was open until further notice. */
    async endNote(camera: string, why: RecordingNote['why'], toMs: number): Promise<void> {
      await tables
        .updateTable('camera_recording_notes')
        .set({ to_ms: toMs })
        .where('camera', '=', camera)
        .where('why', '=', why)
        .where('to_ms', '>', toMs)
        .execute();
    },
  };
}
