import { formatPosition } from '@sallyport/contracts';
import { repeatableTransaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import { CameraWatchError } from '../errors.ts';
import { exportClip } from './clip/export-clip.ts';
import type { Clip, ClipRequest } from './clip/export-clip.ts';
import { createDayKeys } from './day-keys.ts';
import { createLateUploads } from './late-uploads.ts';
import type { LateAnswer, LatePiece } from './late-uploads.ts';
import { createPictures } from './pictures.ts';
import { defaultLimits } from './recording-needs.ts';
import type { RecordingNeeds } from './recording-needs.ts';
import { createRecordingStore } from './recording-store.ts';
import { createRetention } from './retention.ts';
import { createSegmentKeeper } from './segment-keeper.ts';
import { createSegmentRecorder } from './segment-recorder.ts';
import { gapsOf } from './timeline.ts';
import type { Gap } from './timeline.ts';
import type { RecordingStatus, Retention, TimelineBody } from './timeline-schema.ts';

/**
 * Records every camera: segments sealed on disk, their hashes in the ledger before they count as kept, every time without
 * pictures explained.
 */
export type Recording = {
  /** Kept whole until retention takes it; gives its SHA-256. Throws `recording_low_disk`. */
  savePicture(jpeg: Uint8Array): Promise<string>;
  /** Throws `picture_unknown`, `recording_unreadable`. */
  picture(sha256: string): Promise<Uint8Array>;
  timeline(camera: string, fromMs: number, toMs: number): Promise<TimelineBody>;
  /** SPSEG1. Throws `segment_unknown`, `recording_unreadable`. */
  segment(camera: string, startMs: number): Promise<Uint8Array>;
  takeLate(piece: LatePiece): Promise<LateAnswer>;
  exportClip(request: ClipRequest): Promise<Clip>;
  status(): Promise<RecordingStatus>;
  changeRetention(retention: Retention, actor: Principal): Promise<Retention>;
  /** The camera stops on purpose, until its next picture: the time between has that reason. */
  cameraOff(camera: string): Promise<void>;
  /** Resolves when what is under way is done: segments being sealed, those that waited, a look over what is too old. */
  settled(): Promise<void>;
  /** Seals what runs and stops listening. */
  close(): Promise<void>;
};

const lookEveryMs = 1000;
const resumeEveryMs = 5000;
const sweepEveryMs = 60_000;
const farFutureMs = 8_640_000_000_000_000;
const dayMs = 24 * 60 * 60 * 1000;

/** Resolves when everything an earlier run left is explained. */
export async function createRecording(needs: RecordingNeeds): Promise<Recording> {
  const { clock, files, log } = needs;
  const limits = { ...defaultLimits, ...needs.limits };
  const nowMs = () => clock.nowMs();
  const store = createRecordingStore(needs.database);
  const dayKeys = createDayKeys({ ...needs, store });
  const keeper = createSegmentKeeper({ ...needs, store, dayKeys, limits });
  const pictures = createPictures({ ...needs, dayKeys, nowMs, fullDiskBytes: limits.fullDiskBytes });
  const retention = createRetention({ ...needs, store, pictures, limits });
  await keeper.recover(await pictures.files());
  await noteAbsence();
  let resuming = Promise.resolve();
  let sweeping = Promise.resolve();
  let noting = Promise.resolve();
  const resume = (): void => {
    resuming = keeper.resume().catch((error: unknown) => log.warn('Segments wait for the ledger', errorFields(error)));
  };
  resume();
  const recorder = createSegmentRecorder({
    ...needs,
    keeper,
    nowMs,
    limits,
    noteLost: (camera, span) => store.note(camera, 'lost', span),
  });
  const late = createLateUploads({
    ...needs,
    store,
    keeper,
    nowMs,
    limits,
    heldSince: (camera) => recorder.heldSince(camera),
    oldestKeptMs: async () => retention.steadyNowMs() - (await retention.read()).days * dayMs,
  });
  /** One after another: what is switched off and on at once is on afterwards. */
  let switching = Promise.resolve();
  const sending = new Set<string>();
  const inOrder = (change: () => Promise<void>): Promise<void> => {
    const done = switching.then(change);
    switching = done.catch((error: unknown) => log.warn('It is not noted that a camera is off', errorFields(error)));
    return done;
  };
  /** After a start as well: it may have been switched off before. */
  function hearPicture(camera: string): void {
    if (sending.has(camera)) return;
    sending.add(camera);
    const atMs = nowMs();
    inOrder(() => store.endNote(camera, 'camera_off', atMs)).catch(() => sending.delete(camera));
  }
  const stops = [
    needs.hub.subscribe(({ cameraId }) => hearPicture(cameraId)),
    needs.every(lookEveryMs, () => recorder.closeIdle()),
    needs.every(resumeEveryMs, () => {
      if (keeper.waiting() > 0) resume();
      noting = noteAlive();
    }),
    needs.every(sweepEveryMs, () => {
      sweeping = retention.sweep();
    }),
  ];

  const settled = async (): Promise<void> => {
    await recorder.settled();
    await resuming;
    await sweeping;
    await noting;
    await switching;
  };

  async function noteAlive(): Promise<void> {
    // After a loss of power an older one only makes the time longer for which nobody can say.
    await repeatableTransaction(needs.database, (transaction) =>
      store.saveSetting('alive_ms', String(nowMs()), transaction),
    ).catch((error: unknown) => log.warn('It is not noted that recording goes on', errorFields(error)));
  }

  /** While this server was away nobody can say that a camera sent nothing: what there was is lost. */
  async function noteAbsence(): Promise<void> {
    const aliveMs = Number((await store.setting('alive_ms')) ?? Number.NaN);
    if (!(nowMs() > aliveMs)) return;
    for (const { camera } of await store.use()) {
      const [last] = (await store.between(camera, aliveMs - 2 * limits.segmentMs, nowMs())).slice(-1);
      await store.note(camera, 'lost', { fromMs: Math.min(last?.endMs ?? aliveMs, nowMs()), toMs: nowMs() });
    }
  }

  /** Explained up to the running segment; what is before the camera's first moment needs no reason. */
  async function gaps(camera: string, span: { fromMs: number; toMs: number }): Promise<readonly Gap[]> {
    const first = await store.firstMoment(camera);
    const untilMs = Math.min(span.toMs, recorder.heldSince(camera) ?? nowMs() - limits.shortestGapMs);
    const fromMs = Math.max(span.fromMs, first ?? untilMs);
    if (untilMs <= fromMs) return [];
    const segments = await store.between(
      camera,
      fromMs - limits.shortestGapMs,
      untilMs + limits.shortestGapMs,
      100_000,
    );
    // What waits for the ledger was sent and does not count as kept: never the camera's silence.
    const unkept = await store.unkept(camera, fromMs, untilMs);
    return gapsOf({
      span: { fromMs, toMs: untilMs },
      segments: [
        ...segments.map((segment) => ({ ...segment, isMissing: keeper.isMissing(segment) })),
        ...unkept.map((segment) => ({ ...segment, isMissing: true })),
      ],
      notes: await store.notes(camera, fromMs, untilMs),
      shortestGapMs: limits.shortestGapMs,
    });
  }

  return {
    savePicture: (jpeg) => pictures.save(jpeg),
    picture: (sha256) => pictures.read(sha256),
    async timeline(camera, fromMs, toMs) {
      const [segments, first, moments, explained] = await Promise.all([
        store.between(camera, fromMs, toMs, 100_000),
        store.firstMoment(camera),
        needs.momentsBetween(camera, fromMs, toMs),
        gaps(camera, { fromMs, toMs }),
      ]);
      const running = recorder.runningSince(camera);
      return {
        camera,
        from_ms: fromMs,
        to_ms: toMs,
        ...(first === undefined ? {} : { recorded_from_ms: first }),
        ...(running === undefined ? {} : { running_from_ms: running }),
        shortest_gap_ms: limits.shortestGapMs,
        segments: segments.flatMap((segment) =>
          segment.position === undefined || keeper.isMissing(segment)
            ? []
            : {
                start_ms: segment.startMs,
                end_ms: segment.endMs,
                frames: segment.frames,
                audio: segment.audio > 0,
                bytes: segment.plainBytes,
                late: segment.isLate,
                plain_sha256: segment.plainSha256,
                position: formatPosition(segment.position),
              },
        ),
        gaps: explained.map(({ fromMs: from, toMs: to, why }) => ({ from_ms: from, to_ms: to, why })),
        moments: [...moments],
      };
    },
    async segment(camera, startMs) {
      const found = await store.find(camera, startMs);
      if (found?.state !== 'kept')
        throw new CameraWatchError('segment_unknown', `Cannot find a segment that begins at ${startMs}`);
      return keeper.read(found);
    },
    takeLate: (piece) => late.take(piece),
    exportClip: (request) => exportClip({ ...needs, store, keeper, gaps, limits }, request),
    async status() {
      const [kept, cameras, freeBytes] = await Promise.all([retention.read(), store.use(), files.freeBytes()]);
      return {
        retention: kept,
        bytes: cameras.reduce((sum, { bytes }) => sum + bytes, 0),
        cameras,
        free_bytes: freeBytes,
        state:
          freeBytes < limits.fullDiskBytes ? 'disk_full' : freeBytes < limits.lowDiskBytes ? 'disk_low' : 'recording',
        waiting_segments: keeper.waiting(),
      };
    },
    changeRetention: (changed, actor) => retention.change(changed, actor),
    cameraOff(camera) {
      const fromMs = nowMs();
      sending.delete(camera);
      return inOrder(() => store.note(camera, 'camera_off', { fromMs, toMs: farFutureMs }));
    },
    settled,
    async close() {
      for (const stop of stops) stop();
      await recorder.close();
      await settled();
      await noteAlive();
    },
  };
}
