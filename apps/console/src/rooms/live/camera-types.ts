import type { Answer } from '../../api/call.ts';
import type { ZoneSchedule } from './schedule-words.ts';
import type { Point } from './zone-geometry.ts';

export type CameraRow = Answer<'GET /v1/cameras'>['cameras'][number];
export type CameraKind = CameraRow['kind'];
export type Moment = Answer<'GET /v1/cameras/moments'>['moments'][number];
export type Timeline = Answer<'GET /v1/cameras/{id}/timeline'>;
export type TimelineMoment = Timeline['moments'][number];
export type GapReason = Timeline['gaps'][number]['why'];

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
