import { standsIn } from '@sallyport/object-detection';
import { CameraWatchError } from '../errors.ts';
import type { PerceivedObject } from '../perception/perceived.ts';
import { wantsLabel } from './label-class.ts';
import { areaOf, crossesItself } from './polygon.ts';
import type { Point } from './polygon.ts';
import { isTimeZone, isWithin } from './schedule.ts';
import type { Hours, Schedule } from './schedule.ts';

/** A part of a camera's picture where something matters (`watch`) or does not (`ignore`). */
export type Zone = {
  readonly id: string;
  readonly name: string;
  readonly points: readonly Point[];
  /** Labels of the model, or classes of them; every class when empty. */
  readonly labels: readonly string[];
  /** Always when left out. */
  readonly schedule?: Schedule;
  readonly kind: 'watch' | 'ignore';
};

/** What people chose for a camera. */
export type WatchPlan = {
  readonly zones: readonly Zone[];
  /** IANA name of the time zone the camera is in. */
  readonly timeZone: string;
  /** What counts as night there. */
  readonly night: Hours;
};

export const defaultNight: Hours = { from: '22:00', to: '06:00' };
/** Less of the picture than this is a slip of the hand. */
const smallestArea = 0.0001;

/** Throws `zone_invalid`: shapes no one can have meant, names given twice, time zones that are none. */
export function checkPlan({ zones, timeZone }: WatchPlan): void {
  if (!isTimeZone(timeZone)) throw invalid(`"${timeZone}" must be a time zone such as "Europe/Berlin"`);
  const ids = new Set<string>();
  for (const { id, name, points, schedule } of zones) {
    if (ids.has(id)) throw invalid(`id "${id}" is given twice, must be unique`);
    ids.add(id);
    if (crossesItself(points)) throw invalid(`the border of "${name}" crosses or touches itself, must not`);
    if (areaOf(points) < smallestArea) throw invalid(`"${name}" is empty, must cover a part of the picture`);
    if (schedule?.zone !== undefined && !isTimeZone(schedule.zone))
      throw invalid(`"${schedule.zone}" must be a time zone such as "Europe/Berlin"`);
  }
}

/**
 * The zone a thing stands in, by the middle of its lower edge: of several the one that is watched now, then the first.
 * `ignored` where it is to be passed over.
 */
export function placeOf(
  plan: WatchPlan,
  thing: Pick<PerceivedObject, 'label' | 'group' | 'box'>,
  atMs: number,
): { readonly zone: Zone | undefined; readonly isWatched: boolean } | 'ignored' {
  const found = plan.zones.filter(({ points, labels }) => wantsLabel(labels, thing) && standsIn(thing.box, points));
  if (found.some((zone) => zone.kind === 'ignore' && isActive(zone, plan, atMs))) return 'ignored';
  const watching = found.filter(({ kind }) => kind === 'watch');
  const active = watching.find((zone) => isActive(zone, plan, atMs));
  return { zone: active ?? watching[0], isWatched: active !== undefined };
}

function isActive({ schedule }: Zone, plan: WatchPlan, atMs: number): boolean {
  return schedule === undefined || isWithin(schedule, atMs, plan.timeZone);
}

export function isNight({ night, timeZone }: WatchPlan, atMs: number): boolean {
  return isWithin({ days: [], ...night }, atMs, timeZone);
}

function invalid(why: string): CameraWatchError {
  return new CameraWatchError('zone_invalid', `Cannot take these zones: ${why}`);
}
