export type TimeUnit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

const written = /^\s*(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2}))?/;

/**
 * A part of a date as it is written in the event, without any conversion of the time zone (modifiers appendix, "Time
 * Modifiers"). Numbers are seconds since 1970, or milliseconds from 10^11 on, in UTC. Weeks are those of ISO 8601.
 */
export function timePartOf(value: string | number, unit: TimeUnit): number | undefined {
  const date = typeof value === 'number' ? dateOfNumber(value) : dateOfText(value);
  if (date === undefined || Number.isNaN(date.getTime())) return undefined;
  switch (unit) {
    case 'minute':
      return date.getUTCMinutes();
    case 'hour':
      return date.getUTCHours();
    case 'day':
      return date.getUTCDate();
    case 'week':
      return isoWeekOf(date);
    case 'month':
      return date.getUTCMonth() + 1;
    case 'year':
      return date.getUTCFullYear();
  }
}

function dateOfNumber(value: number): Date {
  return new Date(Math.abs(value) < 1e11 ? value * 1000 : value);
}

function dateOfText(text: string): Date | undefined {
  const parts = written.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute] = parts.slice(1).map((part) => (part === undefined ? 0 : Number(part)));
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0));
}

function isoWeekOf(date: Date): number {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.ceil(((thursday.getTime() - yearStart) / 86_400_000 + 1) / 7);
}
