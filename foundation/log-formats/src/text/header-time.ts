// The times of RFC 3164 headers as senders really write them.
import { endOfDigits, endOfToken, fixedDigits, isDigit, isLetter, skipSpaces } from './characters.ts';
import { instantOf, instantWithoutYear, monthAt, readClock, readIsoTime, readZone } from './timestamp.ts';
import type { ReadTime, TimeReference } from './timestamp.ts';

/** Names of zones that mean one offset everywhere they are used in logs; minutes east. Ambiguous ones are not here. */
const zoneNames: ReadonlyMap<string, number> = new Map([
  ['UTC', 0],
  ['GMT', 0],
  ['WET', 0],
  ['WEST', 60],
  ['CET', 60],
  ['CEST', 120],
  ['MEZ', 60],
  ['MESZ', 120],
  ['EET', 120],
  ['EEST', 180],
  ['MSK', 180],
  ['EST', -300],
  ['EDT', -240],
  ['CDT', -300],
  ['MST', -420],
  ['MDT', -360],
  ['PST', -480],
  ['PDT', -420],
  ['JST', 540],
  ['KST', 540],
  ['AEST', 600],
  ['AEDT', 660],
  ['NZST', 720],
  ['NZDT', 780],
]);

/** The time at `at`, in any of the forms below, and the end after it; undefined when there is none. */
export function readHeaderTime(text: string, at: number, reference: TimeReference): ReadTime | undefined {
  const code = text.charCodeAt(at);
  if (isLetter(code)) return readMonthTime(text, at, reference);
  if (!isDigit(code)) return undefined;
  const iso = readIsoTime(text, at, reference.zone);
  if (iso !== undefined) return iso;
  // `2024 Oct 11 22:14:15`
  if (fixedDigits(text, at, 4) >= 1970 && text.charCodeAt(at + 4) === 32 && monthAt(text, at + 5) > 0) {
    return readMonthTime(text, at, reference, fixedDigits(text, at, 4));
  }
  return readEpoch(text, at);
}

/** `Oct 11 22:14:15`, `Oct  1 …`, `Oct 11 2024 …`, a fraction, then a zone or a year. */
function readMonthTime(
  text: string,
  start: number,
  reference: TimeReference,
  yearBefore?: number,
): ReadTime | undefined {
  const at = yearBefore === undefined ? start : start + 5;
  const month = monthAt(text, at);
  if (month === 0 || text.charCodeAt(at + 3) !== 32) return undefined;
  const dayAt = skipSpaces(text, at + 3);
  const dayEnd = endOfDigits(text, dayAt, 2);
  if (dayEnd === dayAt || dayAt - at > 6) return undefined;
  const day = Number(text.slice(dayAt, dayEnd));
  let year = yearBefore;
  let clockAt = skipSpaces(text, dayEnd);
  if (clockAt === dayEnd) return undefined;
  if (endOfDigits(text, clockAt, 5) === clockAt + 4 && text.charCodeAt(clockAt + 4) === 32) {
    year = fixedDigits(text, clockAt, 4);
    clockAt = skipSpaces(text, clockAt + 4);
  }
  const clock = readClock(text, clockAt);
  if (clock === undefined) return undefined;
  const zone = readNamedZone(text, clock.end);
  let end = zone?.end ?? clock.end;
  if (year === undefined && text.charCodeAt(end) === 32 && endOfDigits(text, end + 1, 5) === end + 5) {
    const after = text.charCodeAt(end + 5);
    const candidate = fixedDigits(text, end + 1, 4);
    if (
      candidate >= 1970 &&
      candidate < 2200 &&
      (after === 32 || Number.isNaN(after) || (after === 58 && text.charCodeAt(end + 6) === 32))
    ) {
      year = candidate;
      end += 5;
    }
  }
  const wall = { month, day, ...clock };
  const unixMs =
    year === undefined
      ? instantWithoutYear(wall, zone?.minutes, reference)
      : instantOf({ ...wall, year }, zone?.minutes, reference.zone);
  if (unixMs === undefined) return undefined;
  const written = text.slice(start, end);
  return {
    time: {
      unixMs,
      text: written,
      year: year === undefined ? 'assumed' : 'given',
      zone: zone === undefined ? 'assumed' : 'given',
    },
    end,
  };
}

/** A zone right after the clock (`+02:00`, `Z`), or after a space by name (` CEST`). An unknown name is no zone. */
function readNamedZone(text: string, at: number): { readonly minutes: number; readonly end: number } | undefined {
  const direct = readZone(text, at);
  if (direct !== undefined) return direct;
  if (text.charCodeAt(at) !== 32) return undefined;
  const numeric = isLetter(text.charCodeAt(at + 1)) ? undefined : readZone(text, at + 1);
  if (numeric !== undefined && (text.charCodeAt(numeric.end) === 32 || text.charCodeAt(numeric.end) === 58))
    return numeric;
  let end = at + 1;
  while (end < at + 6 && isLetter(text.charCodeAt(end))) end += 1;
  const after = text.charCodeAt(end);
  const minutes = zoneNames.get(text.slice(at + 1, end));
  return minutes === undefined || (after !== 32 && after !== 58 && !Number.isNaN(after)) ? undefined : { minutes, end };
}

/** Seconds since 1970 with an optional fraction, as a whole token of ten digits. */
function readEpoch(text: string, at: number): ReadTime | undefined {
  const secondsEnd = endOfDigits(text, at, 11);
  if (secondsEnd !== at + 10) return undefined;
  const end = endOfToken(text, at);
  if (
    end !== secondsEnd &&
    (text.charCodeAt(secondsEnd) !== 46 || end > secondsEnd + 10 || endOfDigits(text, secondsEnd + 1) !== end)
  )
    return undefined;
  const ms = Number(text.slice(secondsEnd + 1, Math.min(end, secondsEnd + 4)).padEnd(3, '0'));
  const unixMs = Number(text.slice(at, secondsEnd)) * 1000 + ms;
  return { time: { unixMs, text: text.slice(at, end), year: 'given', zone: 'given' }, end };
}
