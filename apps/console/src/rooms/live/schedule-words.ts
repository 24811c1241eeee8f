/** The days of a week as ISO counts them, Monday first. */
export const weekDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type WeekDay = (typeof weekDays)[number];

export type ZoneSchedule = {
  readonly days: readonly WeekDay[];
  /** `22:00` */
  readonly from: string;
  /** Earlier than `from` is of the day after. */
  readonly to: string;
  /** The clock it is read by, as `Intl` names it. */
  readonly zone: string;
};

const names: Readonly<Record<WeekDay, string>> = {
  mon: 'Mon',
  tue: 'Tue',
  wed: 'Wed',
  thu: 'Thu',
  fri: 'Fri',
  sat: 'Sat',
  sun: 'Sun',
};

export function dayName(day: WeekDay): string {
  return names[day];
}

/** `Mon–Fri 22:00–06:00 (into the next day), Europe/Berlin` */
export function scheduleWords(schedule: ZoneSchedule | undefined): string {
  if (schedule === undefined) return 'always';
  const { days, from, to, zone } = schedule;
  const night = to <= from ? ' (into the next day)' : '';
  return `${daysWords(days)} ${from}–${to}${night}, ${zone}`;
}

function daysWords(days: readonly WeekDay[]): string {
  const chosen = weekDays.map((day) => days.includes(day));
  if (!chosen.includes(false)) return 'Every day';
  const runs: WeekDay[][] = [];
  for (const [at, day] of weekDays.entries()) {
    if (chosen[at] !== true) continue;
    if (at > 0 && chosen[at - 1] === true) runs.at(-1)?.push(day);
    else runs.push([day]);
  }
  return runs
    .map((run) => {
      const [first, last] = [run[0] ?? 'mon', run.at(-1) ?? 'mon'];
      return run.length > 2 ? `${names[first]}–${names[last]}` : run.map((day) => names[day]).join(', ');
    })
    .join(', ');
}
