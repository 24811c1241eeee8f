import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { Check } from 'typebox/value';
import { fileOf, rowOf } from './archived-file.ts';
import type { ArchivedFile, FileRow } from './archived-file.ts';
import type { ArchiveCursor, ArchiveTotals } from './archive-cursor.ts';
import { ArchiveError } from './errors.ts';
import type { NameKind } from './names.ts';
import { StoredSettings } from './settings-schema.ts';
import type { ArchiveSettings } from './settings.ts';

type Tables = {
  archive_settings: { id: number; settings: string; set_at_ms: number; set_by: string };
  archive_cursor: {
    place: string;
    log: number;
    segment: number;
    segment_offset: number;
    next_index: number;
    tiles_until: number;
    checkpoint_size: number;
  };
  archive_upload: { place: string; name: string; upload_id: string };
  archive_file: FileRow;
  archive_alarm: { id: string; details: string };
};

/** What is known of archives, in the control database. Lost, it is found again by asking the place. */
export type ArchiveStore = ReturnType<typeof createArchiveStore>;

export function createArchiveStore(plain: Database) {
  const database = plain.withTables<Tables>();
  const inside = (transaction: Transaction) => transaction.withTables<Tables>();
  return {
    async settings(): Promise<ArchiveSettings | undefined> {
      const row = await database
        .selectFrom('archive_settings')
        .select('settings')
        .where('id', '=', 1)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const settings: unknown = parseJson(row.settings);
      if (Check(StoredSettings, settings)) return readStored(settings);
      throw new ArchiveError('archive_settings_invalid', 'Cannot read the settings of the archive from the database');
    },
    async saveSettings(
      transaction: Transaction,
      settings: ArchiveSettings | undefined,
      by: { readonly atMs: number; readonly id: string },
    ): Promise<void> {
      await inside(transaction).deleteFrom('archive_settings').execute();
      if (settings === undefined) return;
      await inside(transaction)
        .insertInto('archive_settings')
        .values({ id: 1, settings: JSON.stringify(settings), set_at_ms: by.atMs, set_by: by.id })
        .execute();
    },
    async cursor(place: string, log: number): Promise<ArchiveCursor> {
      const row = await database
        .selectFrom('archive_cursor')
        .selectAll()
        .where('place', '=', place)
        .where('log', '=', log)
        .executeTakeFirst();
      return row === undefined
        ? { log, segment: 0, offset: 0, index: 0, tilesUntil: 0, checkpointSize: 0 }
        : {
            log,
            segment: row.segment,
            offset: row.segment_offset,
            index: row.next_index,
            tilesUntil: row.tiles_until,
            checkpointSize: row.checkpoint_size,
          };
    },
    async saveCursor(place: string, cursor: ArchiveCursor): Promise<void> {
      const values = {
        segment: cursor.segment,
        segment_offset: cursor.offset,
        next_index: cursor.index,
        tiles_until: cursor.tilesUntil,
        checkpoint_size: cursor.checkpointSize,
      };
      await database
        .insertInto('archive_cursor')
        .values({ place, log: cursor.log, ...values })
        .onConflict((conflict) => conflict.columns(['place', 'log']).doUpdateSet(values))
        .execute();
    },
    async uploadOf(place: string, name: string): Promise<string | undefined> {
      const row = await database
        .selectFrom('archive_upload')
        .select('upload_id')
        .where('place', '=', place)
        .where('name', '=', name)
        .executeTakeFirst();
      return row?.upload_id;
    },
    async uploads(place: string): Promise<readonly string[]> {
      const rows = await database
        .selectFrom('archive_upload')
        .select('name')
        .where('place', '=', place)
        .limit(1000)
        .execute();
      return rows.map(({ name }) => name);
    },
    async noteUpload(place: string, name: string, uploadId: string): Promise<void> {
      await database
        .insertInto('archive_upload')
        .values({ place, name, upload_id: uploadId })
        .onConflict((conflict) => conflict.columns(['place', 'name']).doUpdateSet({ upload_id: uploadId }))
        .execute();
    },
    async file(place: string, name: string): Promise<ArchivedFile | undefined> {
      const row = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : fileOf(row);
    },
    /** Notes a file and forgets the upload it came by. */
    async saveFile(place: string, file: ArchivedFile): Promise<void> {
      const row = rowOf(place, file);
      await database
        .insertInto('archive_file')
        .values(row)
        .onConflict((conflict) => conflict.columns(['place', 'name']).doUpdateSet(row))
        .execute();
      await database.deleteFrom('archive_upload').where('place', '=', place).where('name', '=', file.name).execute();
    },
    /** In the order of names, from behind one. */
    async filesAfter(place: string, after: string, limit: number): Promise<readonly ArchivedFile[]> {
      const rows = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('name', '>', after)
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map(fileOf);
    },
    /** Files whose lock ends before a time, in the order of their ends, from behind one. */
    async locksEnding(
      place: string,
      asked: {
        readonly beforeMs: number;
        readonly after: { readonly untilMs: number; readonly name: string } | undefined;
        readonly limit: number;
      },
    ): Promise<readonly ArchivedFile[]> {
      const { beforeMs, after, limit } = asked;
      let query = database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('lock_until_ms', '<', beforeMs);
      if (after !== undefined)
        query = query.where(({ and, or, eb }) =>
          or([
            eb('lock_until_ms', '>', after.untilMs),
            and([eb('lock_until_ms', '=', after.untilMs), eb('name', '>', after.name)]),
          ]),
        );
      const rows = await query.orderBy('lock_until_ms').orderBy('name').limit(limit).execute();
      return rows.map(fileOf);
    },
    async longestUnchecked(place: string, column: 'checked_at_ms' | 'read_at_ms'): Promise<ArchivedFile | undefined> {
      const row = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .orderBy(column)
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : fileOf(row);
    },
    /** Files that hold entries of [from, to) of a log. */
    async covering(place: string, range: { log: number; from: number; to: number }): Promise<readonly ArchivedFile[]> {
      const rows = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('kind', '=', 'blocks')
        .where('log', '=', range.log)
        .where('first_index', '<', range.to)
        .where('end_index', '>', range.from)
        .execute();
      return rows.map(fileOf);
    },
    async newestOfKind(place: string, kind: NameKind): Promise<ArchivedFile | undefined> {
      const row = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('kind', '=', kind)
        .orderBy('stored_at_ms', 'desc')
        .orderBy('name', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : fileOf(row);
    },
    async held(place: string): Promise<readonly ArchivedFile[]> {
      const rows = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('is_held', '=', 1)
        .execute();
      return rows.map(fileOf);
    },
    async troubled(place: string, limit: number): Promise<readonly ArchivedFile[]> {
      const rows = await database
        .selectFrom('archive_file')
        .selectAll()
        .where('place', '=', place)
        .where('problem', 'is not', null)
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map(fileOf);
    },
    async totals(place: string): Promise<ArchiveTotals> {
      const { fn } = database;
      const all = await database
        .selectFrom('archive_file')
        .select([
          fn.countAll<number | string>().as('files'),
          fn.sum<number | string | null>('bytes').as('bytes'),
          fn.sum<number | string | null>('is_held').as('held'),
          fn.count<number | string>('problem').as('problems'),
          fn.min<number | string | null>('checked_at_ms').as('checked'),
        ])
        .where('place', '=', place)
        .executeTakeFirst();
      const unread = await database
        .selectFrom('archive_file')
        .select(fn.countAll<number | string>().as('files'))
        .where('place', '=', place)
        .where('read_at_ms', '=', 0)
        .executeTakeFirst();
      const checked = all?.checked ?? null;
      return {
        files: Number(all?.files ?? 0),
        bytes: Number(all?.bytes ?? 0),
        held: Number(all?.held ?? 0),
        problems: Number(all?.problems ?? 0),
        neverRead: Number(unread?.files ?? 0),
        oldestCheckMs: checked === null ? undefined : Number(checked),
      };
    },
    async alarms(): Promise<ReadonlyMap<string, JsonObject>> {
      const rows = await database.selectFrom('archive_alarm').selectAll().execute();
      return new Map(
        rows.map(({ id, details }): [string, JsonObject] => {
          const parsed = parseJson(details);
          return [id, isJsonObject(parsed) ? parsed : {}];
        }),
      );
    },
    async raise(transaction: Transaction, id: string, details: JsonObject): Promise<void> {
      await inside(transaction)
        .insertInto('archive_alarm')
        .values({ id, details: JSON.stringify(details) })
        .execute();
    },
    async settle(transaction: Transaction, id: string): Promise<void> {
      await inside(transaction).deleteFrom('archive_alarm').where('id', '=', id).execute();
    },
  };
}

function readStored(stored: StoredSettings): ArchiveSettings {
  const { place } = stored;
  return {
    ...stored,
    place: place.kind === 's3' ? { ...place, endpoint: place.endpoint, authorityPem: place.authorityPem } : place,
  };
}
