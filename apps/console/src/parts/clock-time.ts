/** `local` is this machine's own clock, `utc` UTC; anything else names a zone as `Intl` does. */
export type ClockChoice = string;

/** The clocks that are always offered; a zone of one's own is a third. */
export const clockChoices = ['local', 'utc'] as const;

/** The clock as words. */
export function clockName(choice: ClockChoice): string {
  if (choice === 'local') return 'local time';
  return choice === 'utc' ? 'UTC' : choice.replaceAll('_', ' ');
}

/** `Kolkata`: short enough for a button. */
export function zoneCity(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

/** The zone of a clock as `Intl` names it; undefined is this machine's own. */
export function clockZone(choice: ClockChoice): string | undefined {
  return choice === 'local' ? undefined : choice === 'utc' ? 'UTC' : choice;
}

/** Browsers list some cities by the names they had before. */
const presentNames: Readonly<Record<string, string>> = {
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Europe/Kiev': 'Europe/Kyiv',
};

/** Every zone there is to choose from, by name. */
export function zonesOffered(): string[] {
  return [...new Set(Intl.supportedValuesOf('timeZone').map((zone) => presentNames[zone] ?? zone))].toSorted();
}

/** Whether this browser can tell the time there. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

type Shape = 'time' | 'day' | 'year';
type Formats = Readonly<Record<Shape | 'parts', Intl.DateTimeFormat>>;
const timeOnly = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const shapes = {
  time: timeOnly,
  day: { ...timeOnly, day: 'numeric', month: 'short' },
  year: { ...timeOnly, day: 'numeric', month: 'short', year: 'numeric' },
} as const;

function formats(timeZone: string | undefined): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const make = (shape: Shape): Intl.DateTimeFormat => new Intl.DateTimeFormat(undefined, { ...shapes[shape], ...zone });
  return {
    time: make('time'),
    day: make('day'),
    year: make('year'),
    parts: new Intl.DateTimeFormat('en-US', { ...zone, timeZoneName: 'longOffset' }),
  };
}

// Made once for a clock: one of these takes longer to make than a whole screen of times takes to write.
const written = new Map<ClockChoice, Formats>();

function formatsOf(choice: ClockChoice): Formats {
  const known = written.get(choice);
  if (known !== undefined) return known;
  const made = formats(clockZone(choice));
  written.set(choice, made);
  return made;
}

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
  const text = formatsOf(choice)[shape].format(date);
  if (choice === 'local') return text;
  return `${text} ${choice === 'utc' ? 'UTC' : offsetText(clockOffsetMinutes(timeMs, choice))}`;
}

/** `+05:30` */
function offsetText(minutes: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const whole = Math.abs(Math.trunc(minutes));
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

/** Minutes that a clock is ahead of UTC at a moment. */
export function clockOffsetMinutes(timeMs: number, choice: ClockChoice): number {
  if (choice === 'utc') return 0;
  if (choice === 'local') return -new Date(timeMs).getTimezoneOffset();
  if (!Number.isFinite(new Date(timeMs).getTime())) return 0;
  const name = formatsOf(choice)
    .parts.formatToParts(timeMs)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /^GMT([+−-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(name ?? '') ?? [];
  const ahead = Number(hours) * 60 + Number(minutes) + Number(seconds) / 60;
  return sign === undefined || sign === '+' ? ahead : -ahead;
}

/** The moment at which a clock shows what `text` says (`2026-03-01T12:00:05`); undefined when it is no time. */
export function momentAt(text: string, choice: ClockChoice): number | undefined {
  const shownMs = Date.parse(choice === 'local' ? text : `${text}Z`);
  if (!Number.isFinite(shownMs)) return undefined;
  if (choice === 'local' || choice === 'utc') return shownMs;
  // The offset is that of the moment looked for: near a change of the clocks the first guess may be of the other side.
  const guessMs = shownMs - clockOffsetMinutes(shownMs, choice) * 60_000;
  return shownMs - clockOffsetMinutes(guessMs, choice) * 60_000;
}

/** What `formatTime` wrote, taken apart where a narrow row breaks it: the day, empty when there is none, and the time. */
export function dayAndTime(written: string): { readonly day: string; readonly time: string } {
  const [, day = '', time = written] = /^(.*?)[,\s]*(\d{2}:\d{2}:\d{2}.*)$/u.exec(written) ?? [];
  return { day, time };
}
