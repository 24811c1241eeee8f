import type { SegmentRecord } from '@sallyport/segment-format';
import { segmentLimits } from '@sallyport/segment-format';
import { errorFields } from '@sallyport/platform/log';
import type { RecordingLimits, RecordingNeeds } from './recording-needs.ts';
import type { SegmentKeeper } from './segment-keeper.ts';

/** Gathers what cameras send into segments and hands those on when they are full. */
export type SegmentRecorder = {
  /** Closes the segments nothing was added to for a while. */
  closeIdle(): void;
  /** Since when the camera's running segment holds pictures; undefined when there is none. */
  runningSince(camera: string): number | undefined;
  /** Since when pictures are held that are not kept yet, in running segments or in those being sealed. */
  heldSince(camera: string): number | undefined;
  /** Resolves when everything handed on so far is kept or noted as lost. */
  settled(): Promise<void>;
  /** Listens no longer, and closes what runs. */
  close(): Promise<void>;
};

type Running = { readonly records: SegmentRecord[]; bytes: number; firstMs: number; lastMs: number; heardMs: number };

/** With its length, its time and its kind. */
const recordOverheadBytes = 64;
/** A segment that is still being sealed holds its camera's next one; a third is one too many. */
const closingPerCamera = 2;
const maxRecords = segmentLimits.records / 2;
/** A camera whose time stands still or jumps back by less is taken to go on. */
const backwardMs = 15_000;
/** Sound comes when its last sample is there, at most a second after its first, and may wait for the line a little. */
const soundLateMs = 2000;

/**
 * Bounded by what a segment and all of them may hold: a segment is closed early when it is full, the largest when all
 * are, and one that comes while two of its camera wait for the disk is given up, with a note.
 */
export function createSegmentRecorder(needs: {
  readonly hub: RecordingNeeds['hub'];
  readonly keeper: Pick<SegmentKeeper, 'keepLive'>;
  readonly noteLost: (camera: string, span: { fromMs: number; toMs: number }) => Promise<void>;
  readonly nowMs: () => number;
  readonly log: RecordingNeeds['log'];
  readonly limits: RecordingLimits;
}): SegmentRecorder {
  const { limits, log } = needs;
  const running = new Map<string, Running>();
  /** Full, and open a moment longer for the sound of its last pictures, which is still on its way. */
  const trailing = new Map<string, Running>();
  /** When those that are being kept began. */
  const closing = new Map<string, readonly number[]>();
  const lastMoments = new Map<string, number>();
  const work = new Set<Promise<void>>();
  let heldBytes = 0;

  function closeSegment(camera: string, isRoom = true): void {
    closeTrailing(camera);
    const segment = running.get(camera);
    running.delete(camera);
    if (segment !== undefined) handOn(camera, segment, isRoom);
  }

  function closeTrailing(camera: string): void {
    const segment = trailing.get(camera);
    trailing.delete(camera);
    if (segment !== undefined) handOn(camera, segment, true);
  }

  /** The next one begins; this one waits for its sound if there is any. */
  function closeFull(camera: string, segment: Running): void {
    closeTrailing(camera);
    running.delete(camera);
    if (segment.records.some(({ kind }) => kind === 'audio')) trailing.set(camera, segment);
    else handOn(camera, segment, true);
  }

  function handOn(camera: string, segment: Running, isRoom: boolean): void {
    const waiting = closing.get(camera) ?? [];
    const span = { fromMs: segment.firstMs, toMs: segment.lastMs };
    const isKept = isRoom && waiting.length < closingPerCamera;
    closing.set(camera, [...waiting, span.fromMs]);
    const done = (isKept ? needs.keeper.keepLive(camera, segment.records) : needs.noteLost(camera, span))
      .then(() => {
        if (!isKept) log.warn('A segment was given up: the disk is too slow', { camera });
      })
      .catch(async (error: unknown) => {
        log.error('A segment was not kept', { camera, ...errorFields(error) });
        // Whatever the reason, the camera sent something: the gap is not its silence.
        await needs
          .noteLost(camera, span)
          .catch((failure: unknown) => log.error('A lost segment was not noted', { camera, ...errorFields(failure) }));
      })
      .finally(() => {
        heldBytes -= segment.bytes;
        work.delete(done);
        const since = closing.get(camera) ?? [];
        const left = since.toSpliced(since.indexOf(span.fromMs), 1);
        if (left.length > 0) closing.set(camera, left);
        else closing.delete(camera);
      });
    work.add(done);
  }

  /** The order of time is kept within a camera, whatever its clock does; small steps back are none. */
  function momentOf(camera: string, capturedMs: number): number {
    const last = lastMoments.get(camera);
    const whole = Math.floor(capturedMs);
    return last !== undefined && whole < last && whole > last - backwardMs ? last : whole;
  }

  function add(camera: string, kind: SegmentRecord['kind'], payload: Uint8Array, capturedMs: number): void {
    const isFrame = kind === 'frame';
    let atMs = isFrame ? momentOf(camera, capturedMs) : Math.floor(capturedMs);
    let segment = running.get(camera);
    // Sound alone begins nothing; sound that was captured before its segment began is at its beginning.
    if (segment === undefined && !isFrame) return;
    const bytes = payload.length + recordOverheadBytes;
    if (segment !== undefined && !isFrame) {
      if (addTrailing(camera, { atMs, before: segment.firstMs }, payload)) return;
      atMs = Math.min(Math.max(atMs, segment.firstMs), segment.lastMs);
    }
    if (segment !== undefined && isFrame && mustEnd(segment, atMs, bytes)) {
      if (mayTrail(segment, atMs, bytes)) closeFull(camera, segment);
      else closeSegment(camera);
      segment = undefined;
    } else if (segment !== undefined && isFull(segment, bytes)) {
      closeSegment(camera);
      if (!isFrame) return;
      segment = undefined;
    }
    segment ??= { records: [], bytes: 0, firstMs: atMs, lastMs: atMs, heardMs: 0 };
    running.set(camera, segment);
    segment.records.push({ kind, atMs, payload: Uint8Array.from(payload) });
    segment.bytes += bytes;
    segment.lastMs = Math.max(segment.lastMs, atMs);
    segment.heardMs = needs.nowMs();
    if (isFrame) lastMoments.set(camera, atMs);
    heldBytes += bytes;
    if (heldBytes > limits.memoryBytes) closeLargest();
  }

  /** Sound that began before the running segment is at its right moment in the one before; false when it is not for that. */
  function addTrailing(camera: string, sound: { atMs: number; before: number }, payload: Uint8Array): boolean {
    const segment = trailing.get(camera);
    if (segment === undefined) return false;
    if (sound.atMs >= sound.before) {
      closeTrailing(camera);
      return false;
    }
    const bytes = payload.length + recordOverheadBytes;
    if (sound.atMs < segment.firstMs || isFull(segment, bytes)) return false;
    segment.lastMs = Math.max(segment.lastMs, sound.atMs);
    segment.records.push({ kind: 'audio', atMs: sound.atMs, payload: Uint8Array.from(payload) });
    segment.bytes += bytes;
    heldBytes += bytes;
    if (heldBytes > limits.memoryBytes) closeLargest();
    return true;
  }

  function isFull(segment: Running, bytes: number): boolean {
    return segment.bytes + bytes > limits.runningBytes || segment.records.length >= maxRecords;
  }

  /** It ends for its length alone, and the camera goes on. */
  function mayTrail(segment: Running, atMs: number, bytes: number): boolean {
    // A large one hands its memory on at once.
    const isLarge = isFull(segment, bytes) || segment.bytes > limits.runningBytes / 4;
    return atMs >= segment.lastMs && atMs - segment.lastMs <= limits.shortestGapMs && !isLarge;
  }

  function mustEnd(segment: Running, atMs: number, bytes: number): boolean {
    return (
      atMs < segment.lastMs ||
      atMs - segment.firstMs >= limits.segmentMs ||
      atMs - segment.lastMs > limits.shortestGapMs ||
      isFull(segment, bytes)
    );
  }

  function closeLargest(): void {
    const largest = [...running].toSorted(([, left], [, right]) => right.bytes - left.bytes)[0];
    // What waits for the disk holds memory as well: with it there the largest is given up, else it is handed on.
    if (largest !== undefined) closeSegment(largest[0], closing.size === 0);
  }

  const stops = [
    needs.hub.subscribe(({ cameraId, jpeg, capturedMs }) => add(cameraId, 'frame', jpeg, capturedMs)),
    needs.hub.subscribeAudio(({ cameraId, pcm, capturedMs }) => add(cameraId, 'audio', pcm, capturedMs)),
  ];
  const settled = async (): Promise<void> => {
    while (work.size > 0) await Promise.all(work);
  };

  return {
    closeIdle() {
      const now = needs.nowMs();
      for (const [camera, { heardMs }] of running)
        if (now - heardMs > limits.shortestGapMs || now < heardMs - backwardMs) closeSegment(camera);
      for (const [camera, { heardMs }] of trailing) if (Math.abs(now - heardMs) > soundLateMs) closeTrailing(camera);
    },
    runningSince: (camera) => running.get(camera)?.firstMs,
    heldSince(camera) {
      const held = [trailing.get(camera)?.firstMs, running.get(camera)?.firstMs];
      const begun = [...(closing.get(camera) ?? []), ...held].filter((ms) => ms !== undefined);
      return begun.length === 0 ? undefined : Math.min(...begun);
    },
    settled,
    async close() {
      for (const stop of stops) stop();
      for (const camera of running.keys()) closeSegment(camera);
      await settled();
    },
  };
}
