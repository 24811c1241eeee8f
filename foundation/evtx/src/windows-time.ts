const ticksPerMillisecond = 10_000n;
const millisecondsFrom1601To1970 = 11_644_473_600_000n;

/** FILETIME, 100 ns since 1601, as `2025-11-27T07:40:10.1653240Z`: all seven digits are kept. */
export function fileTimeText(ticks: bigint): string {
  const milliseconds = ticks / ticksPerMillisecond - millisecondsFrom1601To1970;
  const seconds = new Date(Number(milliseconds)).toISOString().slice(0, -5);
  return `${seconds}.${String(ticks % 10_000_000n).padStart(7, '0')}Z`;
}

/** SYSTEMTIME as ISO text with the same seven digits, or undefined when it names no moment. `words`: year, month, day of week, day, hour, minute, second, millisecond. */
export function systemTimeText(words: readonly number[]): string | undefined {
  const [year = 0, month = 0, , day = 0, hour = 0, minute = 0, second = 0, millisecond = 0] = words;
  if (year < 1601 || year > 30_827) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, millisecond));
  const isMoment =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second &&
    millisecond < 1000;
  return isMoment ? date.toISOString().replace(/Z$/, '0000Z') : undefined;
}
