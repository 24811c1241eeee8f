import { createHash } from 'node:crypto';
import type { Database } from '@sallyport/platform/database';
import { CameraWatchError } from '../errors.ts';
import type { DayKeys } from './day-keys.ts';
import { dayOf, pictureFile } from './recording-files.ts';
import type { RecordingFiles } from './recording-files.ts';
import type { HeldTime } from './recording-needs.ts';
import type { RecordingTables } from './recording-tables.ts';
import { seal, unseal } from './sealing.ts';

export type KeptPicture = { readonly sha256: string; readonly madeMs: number; readonly bytes: number };

export type Pictures = {
  /** Seals it on disk and gives its SHA-256, lowercase hex; the same picture is kept once. Throws `recording_low_disk`. */
  save(jpeg: Uint8Array): Promise<string>;
  /** Throws `picture_unknown`, `recording_unreadable`. */
  read(sha256: string): Promise<Buffer>;
  /** The oldest first; those made before `beforeMs` alone when it is given. */
  oldest(options: { beforeMs?: number; held?: readonly HeldTime[]; limit: number }): Promise<KeptPicture[]>;
  /** Plain bytes of all. */
  bytes(): Promise<number>;
  forget(sha256: string): Promise<void>;
  /** The names of the files of all. */
  files(): Promise<readonly string[]>;
};

const owner = 'pictures';
const maxPictureBytes = 2 * 1024 * 1024;

/** Single pictures of what stood out, named by their content. */
export function createPictures(needs: {
  readonly database: Database;
  readonly files: RecordingFiles;
  readonly dayKeys: DayKeys;
  readonly nowMs: () => number;
  readonly fullDiskBytes: number;
}): Pictures {
  const { files, dayKeys } = needs;
  const tables = needs.database.withTables<RecordingTables>();
  const find = (sha256: string) =>
    tables.selectFrom('camera_pictures').selectAll().where('sha256', '=', sha256).executeTakeFirst();
  const saving = new Map<string, Promise<void>>();

  async function saveNew(sha256: string, jpeg: Uint8Array): Promise<void> {
    if ((await find(sha256)) !== undefined) return;
    if ((await files.freeBytes()) < needs.fullDiskBytes)
      throw new CameraWatchError('recording_low_disk', 'Cannot keep the picture: the disk is nearly full');
    const madeMs = needs.nowMs();
    const sealed = seal(await dayKeys.ensure(owner, dayOf(madeMs)), thingOf(sha256), jpeg);
    await files.write(pictureFile(sha256, madeMs), sealed);
    // After its file: what is listed can be read.
    await tables.insertInto('camera_pictures').values({ sha256, made_ms: madeMs, plain_bytes: jpeg.length }).execute();
  }

  return {
    async save(jpeg) {
      if (jpeg.length === 0 || jpeg.length > maxPictureBytes)
        throw new TypeError(`Cannot keep a picture of ${jpeg.length} bytes: must be 1 to ${maxPictureBytes}`);
      const sha256 = createHash('sha256').update(jpeg).digest('hex');
      const begun = saving.get(sha256) ?? saveNew(sha256, jpeg).finally(() => saving.delete(sha256));
      saving.set(sha256, begun);
      await begun;
      return sha256;
    },
    async read(sha256) {
      const row = await find(sha256);
      if (row === undefined) throw new CameraWatchError('picture_unknown', `Cannot find picture "${sha256}"`);
      const sealed = await files.read(pictureFile(sha256, row.made_ms));
      const dayKey = await dayKeys.find(owner, dayOf(row.made_ms)).catch(() => undefined);
      try {
        if (sealed !== undefined && dayKey !== undefined) return unseal(dayKey, thingOf(sha256), sealed);
      } catch {
        // Said below: not what was sealed.
      }
      throw new CameraWatchError('recording_unreadable', 'Cannot read the picture: its file is gone or was changed');
    },
    async oldest({ beforeMs, held = [], limit }) {
      let query = tables.selectFrom('camera_pictures').selectAll().orderBy('made_ms').orderBy('sha256').limit(limit);
      if (beforeMs !== undefined) query = query.where('made_ms', '<', beforeMs);
      for (const { fromMs, toMs } of held)
        query = query.where((where) => where.or([where('made_ms', '<', fromMs), where('made_ms', '>=', toMs)]));
      return (await query.execute()).map((row) => ({
        sha256: row.sha256,
        madeMs: row.made_ms,
        bytes: row.plain_bytes,
      }));
    },
    async bytes() {
      const { total } = await tables
        .selectFrom('camera_pictures')
        .select(({ fn }) => fn.sum<number | string | null>('plain_bytes').as('total'))
        .executeTakeFirstOrThrow();
      return Number(total ?? 0);
    },
    async files() {
      const rows = await tables.selectFrom('camera_pictures').select(['sha256', 'made_ms']).execute();
      return rows.map(({ sha256, made_ms: madeMs }) => pictureFile(sha256, madeMs));
    },
    async forget(sha256) {
      await tables.deleteFrom('camera_pictures').where('sha256', '=', sha256).execute();
    },
  };
}

function thingOf(plainSha256: string) {
  return { owner, place: 'picture', plainSha256 };
}
