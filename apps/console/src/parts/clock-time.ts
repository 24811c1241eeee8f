export type ClockChoice = 'local' | 'utc' | 'ist';

export const clockChoices = ['local', 'utc', 'ist'] as const satisfies readonly ClockChoice[];
export const clockNames: Readonly<Record<ClockChoice, string>> = {
  local: 'local time',
  utc: 'UTC',
  ist: 'India Standard Time',
};

/** The zone of a clock as `Intl` names it; undefined is this machine's own. */
export const clockZones: Readonly<Record<ClockChoice, string | undefined>> = {
  local: undefined,
  utc: 'UTC',
  ist: 'Asia/Kolkata',
};

type Shape = 'time' | 'day' | 'year';
const timeOnly = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const shapes = {
  time: timeOnly,
  day: { ...timeOnly, day: 'numeric', month: 'short' },
  year: { ...timeOnly, day: 'numeric', month: 'short', year: 'numeric' },
} as const;

function formats(timeZone: string | undefined): Readonly<Record<Shape, Intl.DateTimeFormat>> {
  const make = (shape: Shape): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(undefined, { ...shapes[shape], ...(timeZone === undefined ? {} : { timeZone }) });
  return { time: make('time'), day: make('day'), year: make('year') };
}

// Made once: one of these takes longer to make than a whole screen of times takes to write.
const written: Readonly<Record<ClockChoice, Readonly<Record<Shape, Intl.DateTimeFormat>>>> = {
  local: formats(clockZones.local),
  utc: formats(clockZones.utc),
  ist: formats(clockZones.ist),
};

/** `short` leaves out the day when it is today. */
export function formatTime(
  timeMs: number,
  choice: ClockChoice,
  style: 'full' | 'short' = 'full',
  now: Date = new Date(),
): string {
  const date = new Date(timeMs);
  const isToday = choice === 'local' && style === 'short' && now.toDateString() === date.toDateString();
  const shape = isToday ? 'time' : date.getFullYear() === now.getFullYear() ? 'day' : 'year';
  const text = written[choice][shape].format(date);
  return choice === 'local' ? text : `${text} ${choice.toUpperCase()}`;
}

/** Minutes that a clock is ahead of UTC at a moment. */
export function clockOffsetMinutes(timeMs: number, choice: ClockChoice): number {
  if (choice === 'utc') return 0;
  // India keeps one offset all year, and has since 1945.
  if (choice === 'ist') return 330;
  return -new Date(timeMs).getTimezoneOffset();
}
