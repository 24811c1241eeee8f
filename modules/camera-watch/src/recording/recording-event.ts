import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue, OcsfEvent } from '@sallyport/contracts';
import type { AppendEntry } from '@sallyport/ledger';

/** OCSF application lifecycle, activity "other". */
const classUid = 6002;
const activity = 99;
const logName = 'camera';
const segmentEvent = 'recording.segment';

/** What the ledger holds of a segment. */
export type RecordedSegment = {
  readonly camera: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly frames: number;
  readonly plainSha256: string;
  readonly sealedSha256: string;
  readonly isLate: boolean;
};

/**
 * The event of a segment, the same whenever it is made, under a name of its own: recorded again after a crash it stays
 * one event.
 */
export function segmentEntry(segment: RecordedSegment): AppendEntry {
  const { camera, startMs, endMs, frames, isLate } = segment;
  const event = ownEvent({
    code: segmentEvent,
    timeMs: endMs,
    camera,
    severity: 1,
    message: `${segmentEvent}: ${frames} pictures of camera ${camera}${isLate ? ', sent later' : ''}`,
    recording: {
      camera,
      start_ms: startMs,
      end_ms: endMs,
      frames,
      plain_sha256: segment.plainSha256,
      sealed_sha256: segment.sealedSha256,
      late: isLate,
    },
  });
  return entryOf(`camera-watch/segments/${camera}`, startMs, event);
}

/** Told once for every segment whose file is gone or changed though nobody deleted it. */
export function missingEntry(segment: RecordedSegment, reason: string): AppendEntry {
  const { camera, startMs, endMs } = segment;
  const event = ownEvent({
    code: 'recording.missing',
    timeMs: endMs,
    camera,
    severity: 5,
    message: `recording.missing: a kept segment of camera ${camera} cannot be read: ${reason}`,
    recording: { camera, start_ms: startMs, end_ms: endMs, plain_sha256: segment.plainSha256 },
  });
  return entryOf(`camera-watch/missing/${camera}`, startMs, event);
}

/**
 * The segment an event of ours tells of; undefined for every other event. Events from outside carry `raw_data`, whatever
 * they claim: nobody can send one that is taken for ours.
 */
export function readSegmentEvent(event: JsonValue): RecordedSegment | undefined {
  if (!isJsonObject(event) || event['raw_data'] !== undefined || event['class_uid'] !== classUid) return undefined;
  const metadata = objectIn(event['metadata']);
  if (metadata['log_name'] !== logName || metadata['event_code'] !== segmentEvent) return undefined;
  const recording = objectIn(objectIn(objectIn(event['unmapped'])['sallyport'])['recording']);
  const { camera, start_ms: startMs, end_ms: endMs, frames, late: isLate } = recording;
  const { plain_sha256: plainSha256, sealed_sha256: sealedSha256 } = recording;
  if (typeof camera !== 'string' || typeof plainSha256 !== 'string' || typeof sealedSha256 !== 'string')
    return undefined;
  if (typeof startMs !== 'number' || typeof endMs !== 'number' || typeof frames !== 'number') return undefined;
  return { camera, startMs, endMs, frames, plainSha256, sealedSha256, isLate: isLate === true };
}

function ownEvent(told: {
  readonly code: string;
  readonly timeMs: number;
  readonly camera: string;
  readonly severity: number;
  readonly message: string;
  readonly recording: JsonObject;
}): OcsfEvent {
  return {
    class_uid: classUid,
    category_uid: 6,
    activity_id: activity,
    type_uid: classUid * 100 + activity,
    severity_id: told.severity,
    time: told.timeMs,
    message: told.message,
    app: { name: 'Sallyport cameras', uid: told.camera },
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      log_name: logName,
      event_code: told.code,
    },
    unmapped: { sallyport: { generation: 1, camera: { id: told.camera }, recording: told.recording } },
  };
}

function entryOf(stream: string, sequence: number, event: OcsfEvent): AppendEntry {
  return { classUid, stream, sequence, body: Buffer.from(JSON.stringify(event)) };
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
