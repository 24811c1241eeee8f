import { Type } from 'typebox';
import type { Static } from 'typebox';
import { days } from './schedule.ts';
import { defaultNight } from './zone.ts';
import type { WatchPlan, Zone } from './zone.ts';

/** One line; no character that moves a cursor, and no half of a surrogate pair. */
const line = String.raw`^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$`;
const Time = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM by the clock there' });
const TimeZone = Type.String({ minLength: 1, maxLength: 64, description: 'IANA name, such as Europe/Berlin' });
const Share = Type.Number({ minimum: 0, maximum: 1 });

const ZoneBody = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$' }),
    name: Type.String({ minLength: 1, maxLength: 80, pattern: line }),
    points: Type.Array(Type.Array(Share, { minItems: 2, maxItems: 2 }), {
      minItems: 3,
      maxItems: 32,
      description: 'Corners in order, each [x, y] from left and top, 0 to 1',
    }),
    labels: Type.Array(Type.String({ pattern: '^[a-z][a-z _]{0,39}$' }), {
      maxItems: 40,
      description: 'Labels of the model, or person, vehicle, animal, bag, weapon_class; empty: all of these but bag',
    }),
    schedule: Type.Optional(
      Type.Object(
        {
          days: Type.Array(Type.Enum([...days]), { maxItems: 7, description: 'Empty: every day' }),
          from: Time,
          to: Time,
          zone: Type.Optional(TimeZone),
        },
        {
          additionalProperties: false,
          description: 'Always when left out. Past midnight it belongs to the day it began',
        },
      ),
    ),
    kind: Type.Enum(['watch', 'ignore']),
  },
  { additionalProperties: false },
);

const NightBody = Type.Object({ from: Time, to: Time }, { additionalProperties: false });

/** As it is kept and told. */
export const PlanBody = Type.Object({
  zones: Type.Array(ZoneBody),
  time_zone: TimeZone,
  night: NightBody,
});

export const ShownPlan = Type.Object({
  ...PlanBody.properties,
  revision: Type.Integer({ description: 'Goes back with a change' }),
});

export const PlanChange = Type.Object(
  {
    zones: Type.Array(ZoneBody, { maxItems: 16 }),
    time_zone: Type.Optional(TimeZone),
    night: Type.Optional(NightBody),
    revision: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The one the author saw: 409 when somebody changed it since' }),
    ),
  },
  { additionalProperties: false },
);

export function planDocument({ zones, timeZone, night }: WatchPlan): Static<typeof PlanBody> {
  return {
    zones: zones.map(({ points, labels, schedule, ...zone }) => ({
      ...zone,
      points: points.map(([x, y]) => [x, y]),
      labels: [...labels],
      ...(schedule === undefined ? {} : { schedule: { ...schedule, days: [...schedule.days] } }),
    })),
    time_zone: timeZone,
    night: { ...night },
  };
}

export function planOf(
  document: Pick<Static<typeof PlanChange>, 'zones' | 'time_zone' | 'night'>,
  before: Pick<WatchPlan, 'timeZone' | 'night'>,
): WatchPlan {
  return {
    zones: document.zones.map(({ points, ...zone }): Zone => ({
      ...zone,
      name: zone.name.toWellFormed(),
      points: points.map(pointOf),
    })),
    timeZone: document.time_zone ?? before.timeZone,
    night: document.night ?? before.night,
  };
}

export function emptyPlan(timeZone: string): WatchPlan {
  return { zones: [], timeZone, night: defaultNight };
}

function pointOf([x = 0, y = 0]: readonly number[]): readonly [number, number] {
  return [x, y];
}
