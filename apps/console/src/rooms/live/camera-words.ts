import { plural } from '../../parts/numbers.ts';
import type { CameraKind, CameraRow, GapReason, TimelineMoment } from './camera-types.ts';

const kinds: Readonly<Record<CameraKind, string>> = {
  phone: 'Phone',
  pc: 'Computer',
  esp32: 'ESP32',
  whip: 'WebRTC (WHIP)',
  mjpeg: 'Network camera (MJPEG)',
  rtsp: 'Network camera (RTSP)',
};

export function kindWords(kind: CameraKind): string {
  return kinds[kind];
}

const tampers: Readonly<Record<string, string>> = {
  covered: 'Covered',
  black: 'Black: covered, or the light is out',
  blurred: 'Blurred',
  moved: 'Moved',
  dazzled: 'Dazzled',
  frozen: 'Frozen picture',
  replayed: 'Replayed picture',
};

/** What somebody does to a camera, in a word or two. */
export function tamperWords(kind: string): string {
  return tampers[kind] ?? capital(kind);
}

const sentences: Readonly<Record<string, string>> = {
  covered: 'Something lies over the lens, or was put before the camera',
  black: 'The picture is black: the camera is covered, or the light went out',
  blurred: 'The picture lost its edges',
  moved: 'The camera looks elsewhere than before',
  dazzled: 'A bright light shines into the camera',
  frozen: 'The camera sends the same picture again and again',
  replayed: 'The camera sends pictures it has sent before',
};

/** The same as a sentence that claims no more than is known. */
export function tamperSentence(kind: string): string {
  return sentences[kind] ?? `Somebody tampers with the camera: ${kind}`;
}

const watches: Readonly<Partial<Record<NonNullable<CameraRow['watched']>, string>>> = {
  starting: 'Not watched yet: starting',
  learning: 'Not watched yet: learning the view',
  unwatched: 'Not watched: nothing here can look at it',
};

/** Of a camera whose pictures come and are not watched; undefined when all is well. */
export function unwatchedWords({ state, watched }: Pick<CameraRow, 'state' | 'watched'>): string | undefined {
  return state !== 'live' || watched === undefined ? undefined : watches[watched];
}

/** `2 persons, 1 car`; empty when nothing is seen. */
export function objectsWords(objects: Readonly<Record<string, number>>): string {
  return Object.entries(objects)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([label, count]) => plural(count, label, label === 'person' ? 'people' : `${label}s`))
    .join(', ');
}

/** `Yard · Warehouse`; empty when nobody said where it is. */
export function whereWords({ place, site }: Pick<CameraRow, 'place' | 'site'>): string {
  return [place, site].filter((part) => part !== '').join(' · ');
}

/** Why there is no recording, as a sentence. */
export const gapWords: Readonly<Record<GapReason, string>> = {
  offline: 'The camera could not reach the server. What it recorded itself has not been uploaded yet.',
  uploaded_later: 'The camera was offline; what it recorded itself was uploaded later.',
  camera_off: 'The camera was switched off, or was not filming.',
  deleted: 'Deleted: older than this server keeps recordings, or over its limit.',
  lost: 'Lost: the server could not keep it, and the camera no longer has it.',
};

export const gapNames: Readonly<Record<GapReason, string>> = {
  offline: 'Offline',
  uploaded_later: 'Uploaded later',
  camera_off: 'Camera off',
  deleted: 'Deleted',
  lost: 'Lost',
};

const happenings: Readonly<Record<string, string>> = {
  tampered: 'Camera tampered with',
  offline: 'Camera went offline',
  crowded: 'Many at once',
};

/** `Person in the yard`, `Camera covered`: what a moment is, in a line. */
export function momentWords({ kind, label, zone }: Pick<TimelineMoment, 'kind' | 'label' | 'zone'>): string {
  if (kind === 'tampered' && label !== undefined) return `Camera: ${tamperWords(label).toLowerCase()}`;
  const where = zone === undefined ? '' : ` in ${zone}`;
  return `${label === undefined ? (happenings[kind] ?? capital(kind)) : capital(label)}${where}`;
}

export type MomentTone = 'tamper' | 'person' | 'thing' | 'line';

/** How it is drawn: by shape first, colour second. */
export function momentTone({ kind, label }: Pick<TimelineMoment, 'kind' | 'label'>): MomentTone {
  if (kind === 'tampered') return 'tamper';
  if (kind === 'offline') return 'line';
  return label === 'person' || kind === 'crowded' ? 'person' : 'thing';
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
