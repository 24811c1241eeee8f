import { createHash } from 'node:crypto';
import { encodeSegment } from '@sallyport/segment-format';
import type { SegmentRecord } from '@sallyport/segment-format';
import { messageOf } from '@sallyport/platform/errors';
import { errorFields } from '@sallyport/platform/log';
import { CameraWatchError } from '../errors.ts';
import type { DayKeys } from './day-keys.ts';
import { missingEntry, segmentEntry } from './recording-event.ts';
import type { RecordedSegment } from './recording-event.ts';
import { dayOf, segmentFile, unfinishedEnding } from './recording-files.ts';
import type { RecordingLimits, RecordingNeeds } from './recording-needs.ts';
import type { RecordingStore, StoredSegment } from './recording-store.ts';
import { seal, unseal } from './sealing.ts';

/**
 * Keeps segments, in an order that a crash at any moment leaves explainable: a row says what is coming, the sealed file
 * is written, its hash goes into the ledger, the row says it is kept. Only then it counts.
 */
export type SegmentKeeper = {
  /**
   * Throws `recording_low_disk`, `segment_conflict` (something else begins at this moment), or what the disk said;
   * nothing is left of the segment then. When only the ledger does not answer, the segment waits and `resume` goes on.
   */
  keep(segment: {
    readonly camera: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly frames: number;
    readonly audio: number;
    readonly plain: Uint8Array;
    readonly isLate: boolean;
  }): Promise<'kept' | 'waiting'>;
  /** As `keep`, of what came live: it begins a little earlier when something else begins at that moment. */
  keepLive(camera: string, records: readonly SegmentRecord[]): Promise<'kept' | 'waiting'>;
  /** Finishes what a crash or an absent ledger left undone. */
  resume(): Promise<void>;
  /** After a crash: explains every file and every row, and deletes no file that nobody can explain (`pictures` are explained). Call before anything is kept. */
  recover(pictures: readonly string[]): Promise<void>;
  /** The plain bytes. Throws `recording_unreadable` when the file is gone or was changed; the ledger is told. */
  read(segment: StoredSegment): Promise<Buffer>;
  /** Kept segments whose files were gone or changed when last looked at. */
  isMissing(segment: RecordedSegment): boolean;
  /** How many wait for the ledger. */
  waiting(): number;
};

const collector = 'camera-watch';
const rowsAtOnce = 5000;

export function createSegmentKeeper(needs: {
  readonly store: RecordingStore;
  readonly files: RecordingNeeds['files'];
  readonly ledger: RecordingNeeds['ledger'];
  readonly dayKeys: DayKeys;
  readonly log: RecordingNeeds['log'];
  readonly limits: RecordingLimits;
}): SegmentKeeper {
  const { store, files, dayKeys, log } = needs;
  const underWay = new Set<string>();
  const missing = new Set<string>();
  let waiting = 0;
  let resuming: Promise<void> | undefined;

  async function record(segment: RecordedSegment): Promise<void> {
    const [position] = await needs.ledger.append({ collector, priority: 'intake', entries: [segmentEntry(segment)] });
    if (position === undefined) throw new TypeError('Cannot keep a segment: the ledger named no position');
    await store.keep(segment, position);
  }

  /** What cannot be kept leaves a note, so that the time without pictures has its reason. */
  async function giveUp(segment: RecordedSegment): Promise<void> {
    const { camera, startMs, endMs } = segment;
    await files.remove(segmentFile(camera, startMs)).catch(() => undefined);
    await files.remove(`${segmentFile(camera, startMs)}${unfinishedEnding}`).catch(() => undefined);
    if (!segment.isLate) await store.note(camera, 'lost', { fromMs: startMs, toMs: endMs });
    await store.remove(segment);
  }

  async function tellMissing(segment: StoredSegment, reason: string): Promise<void> {
    const name = nameOf(segment);
    if (missing.has(name)) return;
    missing.add(name);
    log.error('A kept segment cannot be read', { camera: segment.camera, start_ms: segment.startMs, reason });
    await needs.ledger
      .append({ collector, priority: 'control', entries: [missingEntry(segment, reason)] })
      .catch((error: unknown) => log.error('The ledger was not told of it', errorFields(error)));
  }

  const keep: SegmentKeeper['keep'] = async ({ plain, ...given }) => {
    if ((await files.freeBytes()) < needs.limits.fullDiskBytes + plain.length) {
      if (!given.isLate) await store.note(given.camera, 'lost', { fromMs: given.startMs, toMs: given.endMs });
      throw new CameraWatchError('recording_low_disk', 'Cannot keep the segment: the disk is nearly full');
    }
    const thing = thingOf({ ...given, plainSha256: sha256(plain) });
    const dayKey = await dayKeys.ensure(given.camera, dayOf(given.startMs));
    const sealed = seal(dayKey, thing, plain);
    const segment = { ...given, plainSha256: thing.plainSha256, sealedSha256: sha256(sealed) };
    const name = nameOf(segment);
    underWay.add(name);
    try {
      if (!(await store.begin({ ...segment, plainBytes: plain.length })))
        throw new CameraWatchError('segment_conflict', 'Cannot keep the segment: another begins at the same moment');
      try {
        // From its row on a day's key is not forgotten; before, it may have been.
        const kept = await dayKeys.find(given.camera, dayOf(given.startMs));
        if (kept === undefined || Buffer.compare(kept, dayKey) !== 0)
          throw new CameraWatchError('recording_unreadable', 'Cannot keep the segment: the key of its day is gone');
        await files.write(segmentFile(segment.camera, segment.startMs), sealed);
      } catch (error) {
        await giveUp(segment);
        throw error;
      }
      try {
        await record(segment);
        return 'kept';
      } catch (error) {
        log.warn('A segment waits for the ledger', { camera: segment.camera, message: messageOf(error) });
        waiting += 1;
        return 'waiting';
      }
    } finally {
      underWay.delete(name);
    }
  };

  async function resumeNow(): Promise<void> {
    const rows = (await store.inState('sealing')).filter((row) => !underWay.has(nameOf(row)));
    waiting = rows.length;
    for (const row of rows) {
      const sealed = await files.read(segmentFile(row.camera, row.startMs));
      if (sealed === undefined || sha256(sealed) !== row.sealedSha256) {
        log.warn('A segment that was being written is lost', { camera: row.camera, start_ms: row.startMs });
        await giveUp(row);
      } else await record(row);
      waiting -= 1;
    }
  }

  return {
    keep,
    async keepLive(camera, records) {
      const ordered = records.toSorted((left, right) => left.atMs - right.atMs);
      const [first, last] = [ordered[0], ordered.at(-1)];
      if (first === undefined || last === undefined) throw new TypeError('Cannot keep a segment without records');
      let startMs = first.atMs;
      while ((await store.find(camera, startMs)) !== undefined) startMs -= 1;
      const endMs = last.atMs;
      const frames = ordered.filter(({ kind }) => kind === 'frame').length;
      const plain = encodeSegment({ camera, startedMs: startMs, endedMs: endMs, records: ordered });
      return keep({ camera, startMs, endMs, frames, audio: ordered.length - frames, plain, isLate: false });
    },
    resume() {
      resuming ??= resumeNow().finally(() => {
        resuming = undefined;
      });
      return resuming;
    },
    async recover(pictures) {
      const present = new Set(await files.list());
      for (const name of present) if (name.endsWith(unfinishedEnding)) await files.remove(name);
      for (const row of await store.inState('deleting', Number.MAX_SAFE_INTEGER)) {
        await files.remove(segmentFile(row.camera, row.startMs));
        await store.remove(row);
        present.delete(segmentFile(row.camera, row.startMs));
      }
      for (const row of await store.inState('sealing', Number.MAX_SAFE_INTEGER))
        present.delete(segmentFile(row.camera, row.startMs));
      // Weeks of many cameras are a million rows: not all in memory at once.
      for (let rows = await store.keptAfter(undefined, rowsAtOnce); rows.length > 0;) {
        for (const row of rows)
          if (!present.delete(segmentFile(row.camera, row.startMs))) await tellMissing(row, 'its file is gone');
        rows = await store.keptAfter(rows.at(-1), rowsAtOnce);
      }
      for (const name of pictures) present.delete(name);
      const unexplained = [...present].filter((name) => !name.endsWith(unfinishedEnding));
      for (const name of unexplained) await files.setAside(name);
      if (unexplained.length > 0)
        log.warn('Recordings that the control database does not know were set aside', { files: unexplained.length });
    },
    async read(segment) {
      const { camera, startMs } = segment;
      const unreadable = async (reason: string): Promise<CameraWatchError> => {
        await tellMissing(segment, reason);
        return new CameraWatchError('recording_unreadable', `Cannot read the segment: ${reason}`);
      };
      const sealed = await files.read(segmentFile(camera, startMs));
      if (sealed === undefined) throw await unreadable('its file is gone');
      const dayKey = await dayKeys.find(camera, dayOf(startMs)).catch(() => undefined);
      if (dayKey === undefined) throw await unreadable('its key is gone');
      try {
        const plain = unseal(dayKey, thingOf(segment), sealed);
        if (sha256(plain) === segment.plainSha256) return plain;
      } catch {
        // Said below: not what was sealed.
      }
      throw await unreadable('its file was changed');
    },
    isMissing: (segment) => missing.has(nameOf(segment)),
    waiting: () => waiting,
  };
}

function thingOf(segment: { camera: string; startMs: number; endMs: number; isLate: boolean; plainSha256: string }) {
  const { camera, startMs, endMs, isLate, plainSha256 } = segment;
  return { owner: camera, place: `segment\n${startMs}\n${endMs}\n${isLate ? 'late' : 'live'}`, plainSha256 };
}

function nameOf({ camera, startMs }: { readonly camera: string; readonly startMs: number }): string {
  return `${camera} ${startMs}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
