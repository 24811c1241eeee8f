import { minuteMs } from './timestamp.ts';
import type { ZoneOffset } from './timestamp.ts';

const hourMs = 60 * minuteMs;

/**
 * A zone of the IANA database (`Europe/Vienna`) with its summer times, or undefined when there is no such zone. A wall
 * time that occurs twice is its first, one that was skipped is an hour later.
 */
export function namedZone(name: string): ZoneOffset | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', year: 'numeric' });
  } catch {
    return undefined;
  }
  const offsetAt = (unixMs: number): number => offsetMinutesOf(format, unixMs);
  let cachedHour = Number.NaN;
  let cachedOffset = 0;
  return (localMs) => {
    // Transitions happen on quarters of an hour at the finest.
    const quarter = Math.floor(localMs / (hourMs / 4));
    if (quarter === cachedHour) return cachedOffset;
    const before = offsetAt(localMs - 24 * hourMs);
    const guess = offsetAt(localMs - before * minuteMs);
    cachedOffset = guess === before ? before : offsetAt(localMs - guess * minuteMs) === guess ? guess : before;
    cachedHour = quarter;
    return cachedOffset;
  };
}

function offsetMinutesOf(format: Intl.DateTimeFormat, unixMs: number): number {
  if (!Number.isFinite(unixMs) || Math.abs(unixMs) > 8.64e15) return 0;
  const part = format.formatToParts(unixMs).find((entry) => entry.type === 'timeZoneName')?.value ?? 'GMT';
  const found = /^GMT([+-])(\d{2}):(\d{2})/.exec(part);
  if (found === null) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === '-' ? -minutes : minutes;
}
