export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof days)[number];

/** Hours of a wall clock, `HH:MM`; `to` before or at `from` is on the next day. */
export type Hours = { readonly from: string; readonly to: string };

/** When a zone is watched, by the wall clock of a place. A night belongs to the day it begins on. */
export type Schedule = Hours & {
  /** Every day when empty. */
  readonly days: readonly Day[];
  /** IANA time zone; that of the camera when left out. */
  readonly zone?: string;
};

const dayMinutes = 1440;
const clocks = new Map<string, Intl.DateTimeFormat>();
const maxClocks = 200;

/**
 * Whether a moment is within the schedule. What counts is what a clock on the wall of that place shows: an hour that comes
 * twice in autumn is in both times, one that is left out in spring never comes.
 */
export function isWithin(schedule: Schedule, atMs: number, timeZone: string): boolean {
  const { day, minute } = localTimeOf(atMs, schedule.zone ?? timeZone);
  const from = minuteOf(schedule.from);
  const to = minuteOf(schedule.to);
  const isOn = (which: number): boolean => {
    const name = days[(which + 7) % 7];
    return name !== undefined && (schedule.days.length === 0 || schedule.days.includes(name));
  };
  if (from < to) return isOn(day) && minute >= from && minute < to;
  return (isOn(day) && minute >= from) || (isOn(day - 1) && minute < to);
}

/** Day of the week, 0 Monday, and minute of the day that a wall clock there shows. */
export function localTimeOf(atMs: number, timeZone: string): { readonly day: number; readonly minute: number } {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
  const weekday = (parts.get('weekday') ?? '').toLowerCase();
  return {
    day: Math.max(
      0,
      days.findIndex((day) => day === weekday),
    ),
    minute: (Number(parts.get('hour')) * 60 + Number(parts.get('minute'))) % dayMinutes,
  };
}

export function isTimeZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  if (clocks.size >= maxClocks) clocks.clear();
  clocks.set(timeZone, made);
  return made;
}

function minuteOf(time: string): number {
  const [hour = '0', minute = '0'] = time.split(':');
  return Number(hour) * 60 + Number(minute);
}
