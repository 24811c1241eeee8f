import { createHash } from 'node:crypto';
import { decodeSegment, segmentStatement, SegmentFormatError } from '@sallyport/segment-format';
import type { Segment } from '@sallyport/segment-format';
import { CameraWatchError } from '../errors.ts';
import type { RecordingLimits, RecordingNeeds } from './recording-needs.ts';
import type { RecordingStore, StoredSegment } from './recording-store.ts';
import type { SegmentKeeper } from './segment-keeper.ts';
import { coveredBy } from './spans.ts';
import type { Span } from './spans.ts';

/** A piece of a segment that a device recorded itself. */
export type LatePiece = {
  /** The device that sends it, which is the camera. */
  readonly camera: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly plainSha256: string;
  /** The device's proof with the purpose `segment` for this host, over `segmentStatement`. */
  readonly signature: string;
  readonly host: string;
  /** Of the whole segment. */
  readonly bytes: number;
  /** Where in it `piece` begins. */
  readonly offset: number;
  readonly piece: Uint8Array;
};

export type LateAnswer =
  /** Go on from here. */
  | { readonly state: 'partial'; readonly receivedBytes: number }
  /** It is kept, or was already. */
  | { readonly state: 'kept' }
  /** The server has this time from the camera itself. */
  | { readonly state: 'covered' }
  /** It is older than what is kept, or its time was deleted here. */
  | { readonly state: 'expired' };

export type LateUploads = {
  /** Throws `segment_invalid`, `segment_signature_invalid`, `segment_conflict`, `uploads_busy`, `recording_low_disk`. */
  take(piece: LatePiece): Promise<LateAnswer>;
};

type Upload = { readonly name: string; readonly bytes: Buffer; received: number; heardMs: number };

const maxUploads = 16;
const forgetAfterMs = 5 * 60_000;
const futureMs = 5 * 60_000;
const longestMs = 120_000;
/** Two recordings of one moment by the same camera are at most the seam between two segments. */
const seamMs = 1000;
/** The two sides may tell the time of one picture so far apart. */
const clockErrorMs = 500;

/**
 * Segments arrive in pieces and wait in memory until they are whole: what lies on the disk is sealed. One a device, and
 * only for a segment the device has signed, so that nobody else fills it. After a restart a device begins the segment again.
 */
export function createLateUploads(needs: {
  readonly store: RecordingStore;
  readonly keeper: Pick<SegmentKeeper, 'keep' | 'resume' | 'isMissing'>;
  readonly isSignedBy: RecordingNeeds['isSignedBy'];
  readonly oldestKeptMs: () => Promise<number>;
  /** Since when live pictures of the camera are held that are not sealed yet; undefined when there are none. */
  readonly heldSince: (camera: string) => number | undefined;
  readonly nowMs: () => number;
  readonly limits: RecordingLimits;
}): LateUploads {
  const { store, limits } = needs;
  const uploads = new Map<string, Upload>();
  const underWay = new Set<string>();

  /** What is known of the segment before its bytes are looked at; undefined when they are wanted. */
  async function knownAnswer(piece: LatePiece): Promise<LateAnswer | undefined> {
    const { camera, startedMs, endedMs } = piece;
    const same = await store.find(camera, startedMs);
    if (same?.plainSha256 === piece.plainSha256 && same.isLate) {
      if (same.state === 'deleting') return { state: 'expired' };
      if (same.state === 'kept') return { state: 'kept' };
      await needs.keeper.resume();
      const after = await store.find(camera, startedMs);
      if (after?.state === 'kept') return { state: 'kept' };
      // An attempt that was under way may have passed it by: its hash is not in the ledger yet.
      if (after?.state === 'sealing') throw notYet();
    }
    if (startedMs < (await needs.oldestKeptMs())) return { state: 'expired' };
    const notes = await store.notes(camera, startedMs, endedMs);
    const span = { fromMs: startedMs, toMs: endedMs };
    if (
      coveredBy(
        span,
        notes.filter(({ why }) => why === 'deleted'),
        0,
      )
    )
      return { state: 'expired' };
    // In the order in which a segment goes on: what went on between two looks would be in neither, and be taken twice.
    const heldMs = needs.heldSince(camera);
    const unkept = await store.unkept(camera, startedMs, endedMs);
    const there = await store.between(camera, startedMs, endedMs);
    // The camera forgets what is covered: a recording whose file is gone covers nothing.
    const live = there.filter((segment) => !segment.isLate && !needs.keeper.isMissing(segment));
    const core = coreOf(span);
    if (coveredBy(core, live.map(spanOf), limits.shortestGapMs)) return { state: 'covered' };
    const held = heldMs === undefined ? [] : [{ fromMs: heldMs, toMs: needs.nowMs() }];
    // Neither is it lacking nor is it safe before it is sealed and in the ledger: a crash now would lose it.
    const soon = [...live, ...unkept].map(spanOf);
    if (coveredBy(core, [...soon, ...held], limits.shortestGapMs)) throw notYet();
    const overlapping = there.filter(({ isLate }) => isLate).find((other) => overlapMs(other, piece) > seamMs);
    if (overlapping !== undefined || same?.isLate === true)
      throw new CameraWatchError('segment_conflict', 'Cannot keep the segment: this time was sent before, as another');
    return undefined;
  }

  function uploadOf(piece: LatePiece): Upload {
    const now = needs.nowMs();
    const name = `${piece.plainSha256} ${piece.bytes}`;
    const known = uploads.get(piece.camera);
    if (known?.name === name) return known;
    for (const [camera, { heardMs }] of uploads) if (Math.abs(now - heardMs) > forgetAfterMs) uploads.delete(camera);
    if (known === undefined && uploads.size >= maxUploads)
      throw new CameraWatchError('uploads_busy', 'Cannot take the segment now: other cameras are sending theirs');
    const begun = { name, bytes: Buffer.alloc(piece.bytes), received: 0, heardMs: now };
    uploads.set(piece.camera, begun);
    return begun;
  }

  async function takeOne(piece: LatePiece): Promise<LateAnswer> {
    checkClaims(piece, needs.nowMs(), limits);
    const proof = { purpose: 'segment', host: piece.host, value: segmentStatement(piece) } as const;
    if (!needs.isSignedBy(piece.camera, proof, piece.signature))
      throw new CameraWatchError('segment_signature_invalid', 'Cannot keep the segment: its camera did not sign it');
    const known = await knownAnswer(piece);
    if (known !== undefined) {
      uploads.delete(piece.camera);
      return known;
    }
    const upload = uploadOf(piece);
    upload.heardMs = needs.nowMs();
    const fits = piece.offset === upload.received && piece.offset + piece.piece.length <= piece.bytes;
    if (fits) {
      upload.bytes.set(piece.piece, piece.offset);
      upload.received += piece.piece.length;
    }
    if (upload.received < piece.bytes) return { state: 'partial', receivedBytes: upload.received };
    uploads.delete(piece.camera);
    const segment = readSegment(piece, upload.bytes);
    const { camera, startedMs: startMs, endedMs: endMs } = piece;
    const { frames, audio } = segment;
    const kept = await needs.keeper.keep({ camera, startMs, endMs, frames, audio, plain: upload.bytes, isLate: true });
    // It is on the disk and not in the ledger: asked again, the camera learns when it may forget its own.
    if (kept === 'waiting') throw notYet();
    return { state: 'kept' };
  }

  return {
    async take(piece) {
      // Two pieces of one device at the same time would write into the same place.
      if (underWay.has(piece.camera))
        throw new CameraWatchError('uploads_busy', 'Cannot take the piece now: another of this camera is under way');
      underWay.add(piece.camera);
      try {
        return await takeOne(piece);
      } finally {
        underWay.delete(piece.camera);
      }
    },
  };
}

function checkClaims(piece: LatePiece, nowMs: number, limits: RecordingLimits): void {
  const { startedMs, endedMs, bytes } = piece;
  if (endedMs < startedMs || endedMs - startedMs > longestMs)
    throw invalid(`it spans ${endedMs - startedMs} ms, must be 0 to ${longestMs}`);
  if (endedMs > nowMs + futureMs) throw invalid('it ends in the future');
  if (bytes > limits.lateBytes) throw invalid(`it has ${bytes} bytes, must be at most ${limits.lateBytes}`);
}

/** Throws `segment_invalid` unless the bytes are the segment that was signed, of this camera and time. */
function readSegment(piece: LatePiece, bytes: Uint8Array): Segment {
  if (createHash('sha256').update(bytes).digest('hex') !== piece.plainSha256)
    throw invalid('its bytes are not those that were signed');
  let segment: Segment;
  try {
    segment = decodeSegment(bytes);
  } catch (error) {
    if (error instanceof SegmentFormatError) throw invalid(error.message, error);
    throw error;
  }
  if (segment.camera !== piece.camera) throw invalid('it is of another camera');
  if (segment.startedMs !== piece.startedMs || segment.endedMs !== piece.endedMs)
    throw invalid('its times are not those that were signed');
  if (segment.frames === 0) throw invalid('it has no pictures');
  return segment;
}

function notYet(): CameraWatchError {
  return new CameraWatchError(
    'uploads_busy',
    'Cannot say yet that the segment is kept: it is being sealed, or waits for the ledger',
  );
}

function overlapMs(stored: StoredSegment, piece: LatePiece): number {
  return Math.min(stored.endMs, piece.endedMs) - Math.max(stored.startMs, piece.startedMs);
}

/** Without its edges: what is left of a short one is its middle. */
function coreOf({ fromMs, toMs }: Span): Span {
  const errorMs = Math.min(clockErrorMs, (toMs - fromMs) / 2);
  return { fromMs: fromMs + errorMs, toMs: toMs - errorMs };
}

function spanOf({ startMs, endMs }: StoredSegment) {
  return { fromMs: startMs, toMs: endMs };
}

function invalid(reason: string, cause?: unknown): CameraWatchError {
  return new CameraWatchError('segment_invalid', `Cannot keep the segment: ${reason}`, { cause });
}
