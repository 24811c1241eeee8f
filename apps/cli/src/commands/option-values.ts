import { InvalidArgumentError } from 'commander';
import { levelNames, levelRank } from '../terminal.ts';

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** An option's parser for whole numbers within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
    return value;
  };
}

/** A point in time: ISO 8601, or how long ago (`90s`, `15m`, `2h`, `7d`, `4w`). Milliseconds since 1970. */
export function pointInTime(nowMs: number): (text: string) => number {
  return (text) => {
    const ago = /^(\d{1,6})([smhdw])$/.exec(text);
    const unit = unitMs[ago?.[2] ?? ''];
    if (ago !== null && unit !== undefined) return nowMs - Number(ago[1]) * unit;
    // A date alone or with a zone is unambiguous; without a zone it is taken as UTC, as everything else here.
    const withZone = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text) ? `${text}Z` : text;
    const value = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(withZone) : Number.NaN;
    if (Number.isNaN(value))
      throw new InvalidArgumentError(
        'must be a time such as 2026-03-01T12:00:00Z, or how long ago, such as 15m, 2h, 7d',
      );
    return value;
  };
}

/** A length of time (`90s`, `15m`, `2h`, `7d`) in milliseconds. */
export function duration(text: string): number {
  const match = /^([1-9]\d{0,5})([smhdw])$/.exec(text);
  const unit = unitMs[match?.[2] ?? ''];
  if (match === null || unit === undefined)
    throw new InvalidArgumentError('must be a length of time, such as 30s, 15m, 2h, 7d');
  return Number(match[1]) * unit;
}

/** A point in time ahead: ISO 8601, or how long from now (`12h`, `90d`). */
export function pointInFuture(nowMs: number): (text: string) => number {
  const parse = pointInTime(nowMs);
  return (text) => {
    const value = parse(text);
    const ahead = /^\d+[smhdw]$/.test(text) ? 2 * nowMs - value : value;
    if (ahead <= nowMs) throw new InvalidArgumentError('must be later than now, such as 12h, 90d or 2030-01-01');
    return ahead;
  };
}

export function level(text: string): string {
  if (levelRank(text) === 0) throw new InvalidArgumentError(`must be one of ${levelNames.join(', ')}`);
  return text;
}

export function oneOf(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text)) throw new InvalidArgumentError(`must be one of ${words.join(', ')}`);
    return text;
  };
}

/** A distance from UTC as `+05:30`. */
export function zoneOffset(text: string): string {
  if (!/^[+-](?:0\d|1[0-4]):[0-5]\d$/.test(text))
    throw new InvalidArgumentError('must be a zone such as +05:30 or -08:00');
  return text;
}
