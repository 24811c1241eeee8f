import type { CameraNotice } from './camera-notice.ts';

export const momentKinds = ['appeared', 'crowded', 'tampered', 'offline'] as const;
export type MomentKind = (typeof momentKinds)[number];
export const momentStates = ['open', 'seen'] as const;
export type MomentState = (typeof momentStates)[number];

/** Something a person should look at, from when to when. */
export type SeenMoment = {
  /** Sorts by time. */
  readonly id: string;
  readonly cameraId: string;
  readonly kind: MomentKind;
  /** Of what appeared its label, of tampering its kind. */
  readonly label?: string;
  readonly zone?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** SHA-256 of a picture, hex. */
  readonly picture?: string;
  /** How much it is worth a look, 0…1. */
  readonly score: number;
  /** Notices it stands for. */
  readonly count: number;
  readonly state: MomentState;
  readonly by?: { readonly id: string; readonly name: string };
};

/** What a notice says about moments: a new one, or that one goes on until now. */
export type MomentPart = Pick<SeenMoment, 'kind' | 'label' | 'zone' | 'fromMs' | 'toMs' | 'score'> & {
  /** It only makes one longer that is there. */
  readonly isEnd: boolean;
};

/** Undefined for what nobody needs to look at. */
export function momentOf(notice: CameraNotice, nowMs: number): MomentPart | undefined {
  switch (notice.event) {
    case 'camera.appeared':
    case 'camera.left': {
      const { sighting } = notice;
      const score = worthOf(sighting);
      if (score === 0) return undefined;
      const { label, zone, sinceMs } = sighting;
      return {
        kind: 'appeared',
        label,
        ...(zone === undefined ? {} : { zone: zone.name }),
        fromMs: Math.min(sinceMs, nowMs),
        toMs: notice.event === 'camera.left' ? Math.max(sinceMs, sinceMs + notice.dwellMs) : nowMs,
        score,
        isEnd: notice.event === 'camera.left',
      };
    }
    case 'camera.crowded': {
      const zone = notice.zone === undefined ? {} : { zone: notice.zone.name };
      return {
        kind: 'crowded',
        ...zone,
        fromMs: Math.min(notice.sinceMs, nowMs),
        toMs: nowMs,
        score: 0.5,
        isEnd: false,
      };
    }
    case 'camera.tampered':
    case 'camera.restored': {
      const { kind, sinceMs } = notice;
      const isEnd = notice.event === 'camera.restored';
      return { kind: 'tampered', label: kind, fromMs: Math.min(sinceMs, nowMs), toMs: nowMs, score: 1, isEnd };
    }
    case 'camera.offline': {
      if (notice.isAnnounced) return undefined;
      const fromMs = Math.min(notice.lastFrameMs, nowMs);
      return { kind: 'offline', fromMs, toMs: nowMs, score: notice.othersLive > 0 ? 0.8 : 0.6, isEnd: false };
    }
    case 'camera.untold':
      return undefined;
    case 'camera.connected':
      return { kind: 'offline', fromMs: nowMs, toMs: nowMs, score: 0, isEnd: true };
  }
}

/** A person where and when somebody looks out for one is worth most; a car that passes by outside is worth nothing. */
function worthOf({
  labelClass,
  isWatched,
  isNight,
  zone,
  score,
}: Extract<CameraNotice, { event: 'camera.appeared' }>['sighting']): number {
  const sure = 0.5 + score / 2;
  const isPerson = labelClass === 'person';
  if (isWatched) return sure * (isPerson ? 1 : 0.7);
  if (labelClass === 'weapon_class') return sure * 0.6;
  if (isPerson) return sure * (isNight ? 0.7 : zone === undefined ? 0.4 : 0.5);
  return zone === undefined ? 0 : sure * 0.3;
}
