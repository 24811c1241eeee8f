import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { auditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { CameraWatchError } from '../../errors.ts';
import type { RecordingLimits, RecordingNeeds } from '../recording-needs.ts';
import type { RecordingStore, StoredSegment } from '../recording-store.ts';
import type { SegmentKeeper } from '../segment-keeper.ts';
import { spansOutside } from '../spans.ts';
import type { Span } from '../spans.ts';
import type { Gap } from '../timeline.ts';
import { clipExportAction } from './clip-export-event.ts';
import { clipEnd, clipHead, clipSegmentPrefix, manifestText, splitClipPage } from './clip-format.ts';
import type { ClipManifest } from './clip-format.ts';

export type ClipRequest = {
  readonly camera: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
  readonly actor: Principal;
};

/** More than a busy camera makes in an hour. */
const maxSegments = 10_000;

export type Clip = { readonly fileName: string; readonly bytes: number; readonly stream: Readable };

/**
 * One HTML file that plays and verifies itself offline. The export is recorded in the ledger first, with the hash of all
 * the clip says of itself, and that record's proof is in the clip: nobody can take a segment out and say there was none.
 */
export async function exportClip(
  needs: Pick<RecordingNeeds, 'ledger' | 'clock' | 'random' | 'describeCamera' | 'clipPage'> & {
    readonly store: RecordingStore;
    readonly keeper: SegmentKeeper;
    readonly gaps: (camera: string, span: { fromMs: number; toMs: number }) => Promise<readonly Gap[]>;
    readonly limits: RecordingLimits;
  },
  request: ClipRequest,
): Promise<Clip> {
  const { camera, fromMs, toMs } = request;
  const page = needs.clipPage();
  if (page === undefined)
    throw new CameraWatchError('clip_page_missing', 'Cannot export a clip: the console of this server was not built');
  const names = await needs.describeCamera(camera);
  // What waits for the ledger belongs into the clip as well; when it does not answer, the export itself fails below.
  await needs.keeper.resume();
  const there = await needs.store.between(camera, fromMs, toMs, maxSegments + 1);
  if (there.length > maxSegments)
    throw new CameraWatchError(
      'clip_too_large',
      `Cannot export a clip of ${there.length} segments or more: must be at most ${maxSegments}; ask for less time`,
      { details: { limit: maxSegments } },
    );
  const segments = await readableOnes(needs, there);
  if (segments.length === 0)
    throw new CameraWatchError('clip_empty', 'Cannot export a clip: nothing was recorded in this time');
  const plainBytes = segments.reduce((sum, segment) => sum + segment.plainBytes, 0);
  if (plainBytes > needs.limits.clipBytes)
    throw new CameraWatchError(
      'clip_too_large',
      `Cannot export a clip of ${plainBytes} bytes: must be at most ${needs.limits.clipBytes}; ask for less time`,
      { details: { bytes: plainBytes, limit: needs.limits.clipBytes } },
    );
  // Read after the segments, so that one found to be gone is a gap.
  const explained = await needs.gaps(camera, { fromMs, toMs });
  const rest = unexplained({ fromMs, toMs }, [...segments.map(spanOf), ...explained], needs.limits.shortestGapMs);
  const gaps = [...explained, ...rest].toSorted((left, right) => left.fromMs - right.fromMs);
  const manifest = manifestText({
    camera,
    name: names?.name ?? camera,
    place: names?.place ?? '',
    from_ms: fromMs,
    to_ms: toMs,
    reason: request.reason,
    exported_ms: needs.clock.nowMs(),
    exported_by: request.actor.name,
    page_sha256: sha256(page),
    shortest_gap_ms: needs.limits.shortestGapMs,
    segments: segments.map((segment): ClipManifest['segments'][number] => ({
      start_ms: segment.startMs,
      end_ms: segment.endMs,
      frames: segment.frames,
      late: segment.isLate,
      plain_sha256: segment.plainSha256,
    })),
    gaps: gaps.map(({ fromMs: from, toMs: to, why }) => ({ from_ms: from, to_ms: to, why })),
  });
  const exported = await recordExport(needs, request, { manifestSha256: sha256(manifest), segments: segments.length });
  const evidence: string[] = [];
  for (const { position } of segments) evidence.push(await needs.ledger.prove(position));
  const { before, after } = splitClipPage(page);
  const head = `${before}${clipHead(manifest, exported)}`;
  const prefixes = evidence.map((text) => clipSegmentPrefix(text));
  const tail = `${clipEnd}${after}`;
  const bytes =
    Buffer.byteLength(head) +
    Buffer.byteLength(tail) +
    segments.reduce((sum, { plainBytes: plain }, at) => sum + (prefixes[at]?.length ?? 0) + base64Length(plain) + 1, 0);

  /** One segment in memory at a time. */
  async function* parts(): AsyncGenerator<string> {
    yield head;
    for (const [at, segment] of segments.entries()) {
      const plain = await needs.keeper.read(segment);
      yield `${prefixes[at] ?? ''}${plain.toString('base64')}\n`;
    }
    yield tail;
  }
  return { fileName: fileNameOf(camera, fromMs), bytes, stream: Readable.from(parts(), { objectMode: false }) };
}

/**
 * Every time that was asked for is in a segment or has a reason: what is left was before the camera's first recording, or
 * was not sealed yet.
 */
function unexplained(span: Span, known: readonly Span[], toleranceMs: number) {
  const firstMs = Math.min(...known.map(({ fromMs }) => fromMs));
  return spansOutside(span, known, toleranceMs).map((part) => ({
    ...part,
    why: part.toMs <= firstMs ? 'before_first' : 'not_sealed_yet',
  }));
}

function spanOf({ startMs, endMs }: StoredSegment): Span {
  return { fromMs: startMs, toMs: endMs };
}

type Placed = StoredSegment & { readonly position: NonNullable<StoredSegment['position']> };

/** Those that can be read now: what cannot is told, and stands in the clip as a gap. */
async function readableOnes(
  { keeper }: { readonly keeper: SegmentKeeper },
  segments: readonly StoredSegment[],
): Promise<Placed[]> {
  const readable: Placed[] = [];
  for (const segment of segments) {
    const { position } = segment;
    if (position === undefined) continue;
    try {
      await keeper.read(segment);
      readable.push({ ...segment, position });
    } catch (error) {
      if (!(error instanceof CameraWatchError)) throw error;
    }
  }
  return readable;
}

/** Directly and not through the outbox: the clip carries the proof of this very record. */
async function recordExport(
  { ledger, clock, random }: Pick<RecordingNeeds, 'ledger' | 'clock' | 'random'>,
  request: ClipRequest,
  made: { readonly manifestSha256: string; readonly segments: number },
): Promise<string> {
  const { classUid, event } = auditEvent({
    nowMs: clock.nowMs(),
    actor: { kind: request.actor.kind, id: request.actor.id, name: request.actor.name },
    action: clipExportAction,
    classUid: 6003,
    activityId: 2,
    outcome: 'success',
    target: { type: 'camera', id: request.camera },
    details: {
      from_ms: request.fromMs,
      to_ms: request.toMs,
      reason: request.reason,
      segments: made.segments,
      manifest_sha256: made.manifestSha256,
    },
  });
  const stream = `camera-watch/exports/${Buffer.from(random(16)).toString('hex')}`;
  const entry = { classUid, stream, sequence: 0, body: Buffer.from(JSON.stringify(event)) };
  const [position] = await ledger.append({ collector: 'audit', priority: 'control', entries: [entry] });
  if (position === undefined) throw new TypeError('Cannot export a clip: the ledger named no position');
  return ledger.prove(position);
}

/** Of plain characters alone: it stands in a header. */
function fileNameOf(camera: string, fromMs: number): string {
  const time = new Date(fromMs).toISOString().slice(0, 19).replaceAll(':', '-');
  return `clip-${camera.replaceAll(/[^A-Za-z0-9_-]/g, '')}-${time}.html`;
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
