import type { Answer } from '../../api/call.ts';
import type { WatchPlan, Zone } from './camera-types.ts';
import { weekDays } from './schedule-words.ts';
import { areaOf, crossesItself, firstArea } from './zone-geometry.ts';
import type { Point } from './zone-geometry.ts';

export const mostZones = 16;
const smallestArea = 0.0005;

/** What may be looked for; a zone without a choice looks for all but bags. */
export const zoneLabels = [
  { value: 'person', name: 'People' },
  { value: 'vehicle', name: 'Vehicles' },
  { value: 'animal', name: 'Animals' },
  { value: 'bag', name: 'Bags' },
  { value: 'weapon_class', name: 'Weapon-like things' },
] as const;

/** The next zone, with a name nobody has to think of first. */
export function newZone(
  zones: readonly Zone[],
  { id, kind }: { readonly id: string; readonly kind: Zone['kind'] },
): Zone {
  const stem = kind === 'watch' ? 'Zone' : 'Mask';
  const taken = new Set(zones.map(({ name }) => name));
  const number =
    Array.from({ length: zones.length + 1 }, (_, at) => at + 1).find((at) => !taken.has(`${stem} ${at}`)) ?? 1;
  return { id, name: `${stem} ${number}`, points: firstArea, labels: [], kind };
}

/** Every night, to start from. */
export function newSchedule({
  time_zone,
  night,
}: Pick<WatchPlan, 'time_zone' | 'night'>): NonNullable<Zone['schedule']> {
  return { days: weekDays, from: night.from, to: night.to, zone: time_zone };
}

/** Why the zones cannot be kept as they are; undefined when they can. */
export function zonesFault(zones: readonly Zone[]): string | undefined {
  for (const { name, points, schedule } of zones) {
    if (name.trim() === '') return 'A zone needs a name.';
    if (crossesItself(points)) return `The border of “${name}” crosses itself: nobody could say what is inside.`;
    if (areaOf(points) < smallestArea) return `“${name}” covers nothing.`;
    if (schedule?.days.length === 0) return `“${name}” has a schedule without a day: it would never be watched.`;
  }
  return undefined;
}

export function isSameDraft(a: readonly Zone[], b: readonly Zone[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** As the server tells it; what it leaves out is written out. */
export function planOf(answer: Answer<'GET /v1/cameras/{id}/zones'>): WatchPlan {
  return {
    ...answer,
    zones: answer.zones.map(({ points, schedule, ...zone }) => ({
      ...zone,
      points: points.map(([x = 0, y = 0]): Point => [x, y]),
      ...(schedule === undefined
        ? {}
        : {
            schedule: {
              ...schedule,
              days: schedule.days.length === 0 ? weekDays : schedule.days,
              zone: schedule.zone ?? answer.time_zone,
            },
          }),
    })),
  };
}
