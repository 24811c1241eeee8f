import type { ZoneSchedule } from './schedule-words.ts';
import type { Point } from './zone-geometry.ts';

export type CameraKind = 'phone' | 'pc' | 'esp32' | 'mjpeg' | 'rtsp';
export type CameraState = 'live' | 'waiting' | 'offline';

export type CameraRow = {
  readonly id: string;
  readonly name: string;
  readonly place?: string | undefined;
  readonly site?: string | undefined;
  readonly kind: CameraKind;
  readonly state: CameraState;
  readonly since_ms?: number | undefined;
  readonly per_second: number;
  readonly latency_ms?: number | undefined;
  readonly last_frame_ms?: number | undefined;
  readonly tampered?: string | undefined;
  readonly objects: Readonly<Record<string, number>>;
  readonly position?: { readonly latitude: number; readonly longitude: number; readonly accuracy_m: number; readonly at_ms: number } | undefined;
  readonly charging?: boolean | undefined;
  readonly stored_segments?: number | undefined;
  readonly address?: string | undefined;
  readonly problem?: string | undefined;
};

export type Moment = {
  readonly id: string;
  readonly camera: string;
  readonly kind: string;
  readonly label?: string | undefined;
  readonly zone?: string | undefined;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly picture?: string | undefined;
  readonly score: number;
  readonly count: number;
  readonly state: 'open' | 'seen';
  readonly by?: { readonly id: string; readonly name: string } | undefined;
};

/** What the timeline says of one. */
export type TimelineMoment = Pick<Moment, 'id' | 'kind' | 'label' | 'zone' | 'from_ms' | 'to_ms' | 'picture'>;

export type GapReason = 'offline' | 'uploaded_later' | 'camera_off' | 'deleted' | 'lost';

export type Timeline = {
  readonly segments: readonly TimelineSegment[];
  readonly gaps: readonly { readonly from_ms: number; readonly to_ms: number; readonly why: GapReason }[];
  readonly moments: readonly TimelineMoment[];
};

export type TimelineSegment = {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly frames?: number | undefined;
  readonly position?: string | undefined;
  readonly late?: boolean | undefined;
};

export type Zone = {
  readonly id: string;
  readonly name: string;
  readonly points: readonly Point[];
  readonly labels: readonly string[];
  readonly schedule?: ZoneSchedule | undefined;
  readonly kind: 'watch' | 'ignore';
};

export type WatchPlan = {
  readonly zones: readonly Zone[];
  /** Where the camera stands, as `Intl` names it. */
  readonly time_zone: string;
  readonly night: { readonly from: string; readonly to: string };
  readonly revision: number;
};
