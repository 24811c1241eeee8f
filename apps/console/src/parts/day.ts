const written = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });

/** `Nov 22, 2026` for the UTC day `2026-11-22`, as it is written here; what is no day stays as it is. */
export function formatDay(day: string): string {
  const timeMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  return Number.isFinite(timeMs) ? written.format(timeMs) : day;
}
