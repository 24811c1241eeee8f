// Times as logs write them, without the clock or the zone of this machine.
import { endOfDigits, fixedDigits, isDigit, isLetter } from './characters.ts';

/** A time read from a text. What the text did not say is marked as assumed. */
export type LogTime = {
  /** Whole milliseconds since 1970 UTC; finer fractions are in `text`. */
  readonly unixMs: number;
  /** The time exactly as it was written. */
  readonly text: string;
  readonly year: 'given' | 'assumed';
  readonly zone: 'given' | 'assumed';
};

/** The zone's distance from UTC in minutes, east positive, at a local wall time in milliseconds. */
export type ZoneOffset = (localMs: number) => number;

/** What fills in a time that leaves out year or zone. Never read from this machine: the caller says when and where. */
export type TimeReference = {
  readonly nowMs: number;
  readonly zone: ZoneOffset;
};

export type ReadTime = { readonly time: LogTime; readonly end: number };

const monthNames = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
export const minuteMs = 60_000;
const dayMs = 86_400_000;
/** How far ahead of the reference a time without a year may lie before it is taken for last year's. */
const maxAheadMs = 2 * dayMs;

export type WallTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
};

export function fixedZone(offsetMinutes: number): ZoneOffset {
  return () => offsetMinutes;
}

/** The month 1-12 whose English three-letter name stands at `at`, or 0. */
export function monthAt(text: string, at: number): number {
  if (!isLetter(text.charCodeAt(at))) return 0;
  const found = monthNames.indexOf(text.slice(at, at + 3));
  return found >= 0 && found % 3 === 0 && text.length >= at + 3 ? found / 3 + 1 : 0;
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Milliseconds of a wall time read as UTC, or undefined when there is no such day or hour. Second 60 counts as 59.999. */
function utcOfWall(wall: WallTime): number | undefined {
  const { year, month, day, hour, minute, second } = wall;
  const days = monthDays[month - 1];
  if (days === undefined || day < 1 || day > days + (month === 2 && isLeapYear(year) ? 1 : 0)) return undefined;
  if (year < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined;
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const dayNumber = era * 146_097 + dayOfEra - 719_468;
  const inMinute = second === 60 ? 59_999 : second * 1000 + wall.ms;
  return dayNumber * dayMs + (hour * 60 + minute) * minuteMs + inMinute;
}

/** A year of the calendar from milliseconds since 1970. */
function yearOf(unixMs: number): number {
  let year = 1970 + Math.floor(unixMs / (365.2425 * dayMs));
  while ((startOfYear(year + 1) ?? Infinity) <= unixMs) year += 1;
  while ((startOfYear(year) ?? -Infinity) > unixMs) year -= 1;
  return year;
}

function startOfYear(year: number): number | undefined {
  return utcOfWall({ year, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 });
}

/** Fraction digits after a dot or comma at `at`: whole milliseconds and the end. */
function readFraction(text: string, at: number): { readonly ms: number; readonly end: number } {
  const mark = text.charCodeAt(at);
  if ((mark !== 46 && mark !== 44) || !isDigit(text.charCodeAt(at + 1))) return { ms: 0, end: at };
  const end = endOfDigits(text, at + 1, 9);
  return { ms: Number(text.slice(at + 1, Math.min(end, at + 4)).padEnd(3, '0')), end };
}

/** `Z`, `+02:00`, `+0200` or `+02` at `at`. */
export function readZone(text: string, at: number): { readonly minutes: number; readonly end: number } | undefined {
  const sign = text.charCodeAt(at);
  if (sign === 90 || sign === 122) return { minutes: 0, end: at + 1 };
  if (sign !== 43 && sign !== 45) return undefined;
  const hours = fixedDigits(text, at + 1, 2);
  if (hours < 0 || hours > 23) return undefined;
  const minutesAt = text.charCodeAt(at + 3) === 58 ? at + 4 : at + 3;
  const minutes = fixedDigits(text, minutesAt, 2);
  const total = hours * 60 + (minutes < 0 ? 0 : minutes);
  if (minutes > 59) return undefined;
  return { minutes: sign === 45 ? -total : total, end: minutes < 0 ? at + 3 : minutesAt + 2 };
}

/** `hh:mm:ss` and a fraction at `at`. */
export function readClock(
  text: string,
  at: number,
): (Pick<WallTime, 'hour' | 'minute' | 'second' | 'ms'> & { readonly end: number }) | undefined {
  const hour = fixedDigits(text, at, 2);
  const minute = fixedDigits(text, at + 3, 2);
  const second = fixedDigits(text, at + 6, 2);
  if (hour < 0 || minute < 0 || second < 0 || text.charCodeAt(at + 2) !== 58 || text.charCodeAt(at + 5) !== 58)
    return undefined;
  return { hour, minute, second, ...readFraction(text, at + 8) };
}

/** The instant of a wall time: in the zone that was given, else in the reference's. */
export function instantOf(wall: WallTime, zoneMinutes: number | undefined, zone: ZoneOffset): number | undefined {
  const local = utcOfWall(wall);
  if (local === undefined) return undefined;
  return local - (zoneMinutes ?? zone(local)) * minuteMs;
}

/**
 * The instant of a wall time without a year: the newest such day that is not more than two days ahead of the reference,
 * so that December's logs read in January are last year's, and a fast clock in the sender stays this year's.
 */
export function instantWithoutYear(
  wall: Omit<WallTime, 'year'>,
  zoneMinutes: number | undefined,
  reference: TimeReference,
): number | undefined {
  const year = yearOf(reference.nowMs);
  // Eight years back reach the last 29 February even over a century that has none.
  for (let candidate = year + 1; candidate >= year - 8; candidate -= 1) {
    const instant = instantOf({ ...wall, year: candidate }, zoneMinutes, reference.zone);
    if (instant !== undefined && instant <= reference.nowMs + maxAheadMs) return instant;
  }
  return undefined;
}

/** RFC 3339 with its relatives: `T` or a space between, zone left out, comma before the fraction, up to 9 digits. */
export function readIsoTime(text: string, at: number, zone: ZoneOffset): ReadTime | undefined {
  const year = fixedDigits(text, at, 4);
  if (year < 0) return undefined;
  const month = fixedDigits(text, at + 5, 2);
  const day = fixedDigits(text, at + 8, 2);
  const between = text.charCodeAt(at + 10);
  const dash = text.charCodeAt(at + 4);
  if (dash !== 45 && dash !== 47) return undefined;
  if (month < 0 || day < 0 || text.charCodeAt(at + 7) !== dash || (between !== 84 && between !== 116 && between !== 32))
    return undefined;
  const clock = readClock(text, at + 11);
  if (clock === undefined) return undefined;
  const given = readZone(text, clock.end);
  const unixMs = instantOf({ year, month, day, ...clock }, given?.minutes, zone);
  if (unixMs === undefined) return undefined;
  const end = given?.end ?? clock.end;
  return {
    time: { unixMs, text: text.slice(at, end), year: 'given', zone: given === undefined ? 'assumed' : 'given' },
    end,
  };
}
