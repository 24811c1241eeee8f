import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { clampBox, tamperKinds } from '@sallyport/object-detection';
import type { Box } from '@sallyport/object-detection';
import { CodedError } from '@sallyport/platform/errors';
import type { LabelGroup, PerceivedObject, Tamper } from './perceived.ts';

// What the server and the perceiver process say to each other about a frame. The process decodes hostile pictures and may
// have been taken over by one: the server reads its answers as it would a stranger's.

export type PerceiveRequest = {
  readonly camera: string;
  readonly capturedMs: number;
  readonly firstTrack: number;
  /** So many bytes before the picture are what an earlier process had learnt of the camera. */
  readonly learntBytes: number;
};

export type Sight = {
  readonly width: number;
  readonly height: number;
  readonly motion: number;
  readonly looked: boolean;
  readonly tamper: Tamper | undefined;
  /** It is known what is usual at this camera. */
  readonly learnt: boolean;
  readonly nextTrack: number;
  readonly objects: readonly Omit<PerceivedObject, 'confidence'>[];
};

const mostObjects = 200;
/** What a process may have the server keep of a camera, also over its own restarts. */
export const maxLearntBytes = 256 * 1024;
const groups: readonly LabelGroup[] = ['person', 'vehicle', 'animal', 'bag', 'weapon_class'];

export function formatRequest({ camera, capturedMs, firstTrack, learntBytes }: PerceiveRequest): JsonObject {
  return { camera, captured_ms: capturedMs, first_track: firstTrack, learnt_bytes: learntBytes };
}

export function readRequest(head: JsonObject): PerceiveRequest {
  const { camera, captured_ms: capturedMs, first_track: firstTrack, learnt_bytes: learntBytes = 0 } = head;
  if (typeof camera !== 'string' || typeof capturedMs !== 'number' || typeof firstTrack !== 'number')
    throw unreadable();
  return { camera, capturedMs, firstTrack, learntBytes: within(learntBytes, 0, maxLearntBytes) };
}

export function formatSight({ tamper, nextTrack, objects, ...rest }: Sight): JsonObject {
  return {
    ...rest,
    tamper: tamper === undefined ? null : { ...tamper },
    next_track: nextTrack,
    objects: objects.slice(0, mostObjects).map(({ box, ...object }) => ({ ...object, box: [...box] })),
  };
}

/** Throws `sight_invalid` for whatever the perceiver could not have said in good order. */
export function readSight(head: JsonObject): Sight {
  const { objects, looked, learnt, tamper } = head;
  if (!Array.isArray(objects) || objects.length > mostObjects) throw unreadable();
  if (typeof looked !== 'boolean' || typeof learnt !== 'boolean') throw unreadable();
  return {
    width: within(head['width'], 1, 65_535),
    height: within(head['height'], 1, 65_535),
    motion: within(head['motion'], 0, 1),
    looked,
    tamper: readTamper(tamper),
    learnt,
    nextTrack: within(head['next_track'], 1, Number.MAX_SAFE_INTEGER),
    objects: objects.map(readObject),
  };
}

function readTamper(tamper: JsonValue | undefined): Tamper | undefined {
  if (tamper === undefined || tamper === null) return undefined;
  if (!isJsonObject(tamper)) throw unreadable();
  const kind = tamperKinds.find((each) => each === tamper['kind']);
  if (kind === undefined) throw unreadable();
  return { kind, score: within(tamper['score'], 0, 1) };
}

function readObject(object: JsonValue): Sight['objects'][number] {
  if (!isJsonObject(object)) throw unreadable();
  const { label, box } = object;
  const group = groups.find((each) => each === object['group']);
  if (typeof label !== 'string' || !/^[a-z ]{1,40}$/.test(label) || group === undefined) throw unreadable();
  return {
    label,
    group,
    score: within(object['score'], 0, 1),
    box: readBox(box),
    track: within(object['track'], 1, Number.MAX_SAFE_INTEGER),
  };
}

function readBox(box: JsonValue | undefined): Box {
  if (!isList(box) || box.length !== 4) throw unreadable();
  const [x, y, width, height] = box;
  const clamped = clampBox([within(x, 0, 1), within(y, 0, 1), within(width, 0, 1), within(height, 0, 1)]);
  if (clamped === undefined) throw unreadable();
  return clamped;
}

function isList(value: JsonValue | undefined): value is JsonValue[] {
  return Array.isArray(value);
}

function within(value: JsonValue | undefined, least: number, most: number): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) throw unreadable();
  return value;
}

function unreadable(): CodedError {
  return new CodedError('sight_invalid', 'Cannot read what the perceiver process says');
}
