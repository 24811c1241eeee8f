import type { JsonObject } from '@sallyport/contracts';
import type { AuditEvent } from '@sallyport/ledger';
import type { TamperKind } from '../perception/perceived.ts';
import type { CameraNotice, Sighting } from './camera-notice.ts';
import type { WatchedCamera } from './watching-needs.ts';

const baseClass = 0;
const otherActivity = 99;
const logName = 'camera';

/** SHA-256, hex, of a picture of what happened, and of the last one before. */
export type Pictures = { readonly picture?: string; readonly picture_before?: string };

/** A notice as an event of our own: without `raw_data`, so that no sender can make one. Field names: docs/api-cameras.md. */
export function cameraEvent(input: {
  readonly camera: WatchedCamera;
  readonly notice: CameraNotice;
  readonly timeMs: number;
  readonly pictures: Pictures;
  readonly model?: string | undefined;
}): AuditEvent {
  const { camera, notice, pictures, model } = input;
  const { id, name, place, site } = camera;
  return {
    classUid: baseClass,
    event: {
      class_uid: baseClass,
      category_uid: 0,
      activity_id: otherActivity,
      type_uid: otherActivity,
      severity_id: severityOf(notice),
      time: input.timeMs,
      message: `${notice.event}: ${textOf(notice)}${lackOf(notice, pictures)}`,
      device: { hostname: name, uid: id, type_id: 99, type: 'Camera' },
      metadata: {
        version: '1.8.0',
        product: { name: 'Sallyport', vendor_name: 'Sallyport' },
        profiles: ['host'],
        log_name: logName,
        event_code: notice.event,
      },
      unmapped: {
        sallyport: {
          generation: 1,
          ...(site !== undefined && { site }),
          camera: {
            id,
            name,
            ...(place !== undefined && { place }),
            ...(site !== undefined && { site }),
            ...fieldsOf(notice),
            ...(model !== undefined && 'sighting' in notice && { model }),
            ...pictures,
          },
        },
      },
    },
  };
}

function fieldsOf(notice: CameraNotice): JsonObject {
  switch (notice.event) {
    case 'camera.appeared':
      return sightingFields(notice.sighting);
    case 'camera.left':
      return { ...sightingFields(notice.sighting), dwell_ms: notice.dwellMs, why: notice.why };
    case 'camera.crowded':
      return { ...zoneFields(notice.zone), held_back: notice.heldBack, since_ms: notice.sinceMs };
    case 'camera.tampered':
      return { tamper: notice.kind, score: rounded(notice.score), since_ms: notice.sinceMs };
    case 'camera.restored':
      return {
        tamper: notice.kind,
        tampers: [...notice.kinds],
        since_ms: notice.sinceMs,
        after_restart: notice.isAfterRestart,
        why: notice.why,
      };
    case 'camera.connected':
      return {};
    case 'camera.untold':
      return { untold: notice.count, since_ms: notice.sinceMs };
    case 'camera.offline':
      return {
        announced: notice.isAnnounced,
        why: notice.why,
        last_frame_ms: notice.lastFrameMs,
        others_live: notice.othersLive,
      };
  }
}

function sightingFields(sighting: Sighting): JsonObject {
  return {
    sighting: sighting.id,
    label: sighting.label,
    class: sighting.labelClass,
    // A thing of the weapon class is a guess: rules may show it, nothing may act on it.
    confidence: sighting.labelClass === 'weapon_class' ? 'low' : 'usual',
    score: rounded(sighting.score),
    ...zoneFields(sighting.zone),
    watched: sighting.isWatched,
    night: sighting.isNight,
    since_ms: sighting.sinceMs,
  };
}

function zoneFields(zone: Sighting['zone']): JsonObject {
  return zone === undefined ? {} : { zone: zone.name, zone_id: zone.id };
}

/** Says what is known, and of a thing that may be a weapon no more than that. */
function textOf(notice: CameraNotice): string {
  switch (notice.event) {
    case 'camera.appeared':
      return `${thing(notice.sighting)} appeared${where(notice.sighting.zone)}`;
    case 'camera.left': {
      const after = `after ${Math.round(notice.dwellMs / 1000)} s`;
      return notice.why === 'gone'
        ? `${thing(notice.sighting)} was gone${where(notice.sighting.zone)} ${after}`
        : `the camera stopped sending while ${thing(notice.sighting)} was there${where(notice.sighting.zone)}, ${after}`;
    }
    case 'camera.crowded':
      return `${notice.heldBack} more appearances${where(notice.zone)} since ${new Date(notice.sinceMs).toISOString()} are not told one by one`;
    case 'camera.tampered':
      return tamperTexts[notice.kind];
    case 'camera.restored':
      if (notice.why === 'view_accepted')
        return `somebody said that what the camera shows now is its view; it was ${notice.kinds.join(', then ')}`;
      return notice.isAfterRestart
        ? `the camera sees again, after this server was restarted; it was ${notice.kinds.join(', then ')}`
        : `the camera sees again; it was ${notice.kinds.join(', then ')}`;
    case 'camera.connected':
      return 'the camera sends';
    case 'camera.untold':
      return `${notice.count} notices of this camera since ${new Date(notice.sinceMs).toISOString()} were lost while nothing could be stored`;
    case 'camera.offline':
      return `${offlineTexts[notice.why]}; ${notice.othersLive} other cameras of its site send`;
  }
}

/** What is known, and no more: two ways to the same picture are both named. */
const tamperTexts: Readonly<Record<TamperKind, string>> = {
  covered: 'something lies over the lens of the camera, or was put before it',
  black: 'the picture is black: the camera is covered, or the light went out',
  blurred: 'the picture of the camera lost its edges',
  moved: 'the camera looks elsewhere than before',
  dazzled: 'a bright light shines into the camera',
  frozen: 'the camera sends the same picture again and again',
  replayed: 'the camera sends pictures it has sent before',
};

/** Rather than a picture of the hand itself. */
function lackOf({ event }: CameraNotice, pictures: Pictures): string {
  const isLacking = event === 'camera.tampered' && pictures.picture_before === undefined;
  return isLacking ? '; there is no clear picture from before' : '';
}

const offlineTexts = {
  silent: 'the camera sends no more and did not say that it would stop',
  said_goodbye: 'the camera was switched off',
  revoked: 'the rights of the camera were taken',
  removed: 'the camera was removed',
} as const;

function thing({ label, labelClass }: Sighting): string {
  return labelClass === 'weapon_class' ? `what may be a ${label}` : `${/^[aeiou]/.test(label) ? 'an' : 'a'} ${label}`;
}

/** Zones are named by people: the name stands in quotes, on one line. */
function where(zone: Sighting['zone']): string {
  return zone === undefined ? '' : ` in "${zone.name}"`;
}

function rounded(score: number): number {
  return Math.round(score * 1000) / 1000;
}

function severityOf(notice: CameraNotice): number {
  if (notice.event === 'camera.tampered' || notice.event === 'camera.untold') return 4;
  if (notice.event === 'camera.offline') return notice.isAnnounced ? 2 : 3;
  return notice.event === 'camera.appeared' && notice.sighting.isWatched ? 3 : 1;
}
