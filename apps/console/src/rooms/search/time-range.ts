import { clockOffsetMinutes, momentAt } from '../../parts/clock-time.ts';
import type { ClockChoice } from '../../parts/clock-time.ts';

export type TimeRange = { readonly from?: string; readonly to?: string };

/** The newest as they come, over the last minutes. */
export const liveRange = 'live';

export const ranges = [
  { value: liveRange, label: 'Live', ms: 900_000 },
  { value: '15m', label: 'Last 15 minutes', ms: 900_000 },
  { value: '1h', label: 'Last hour', ms: 3_600_000 },
  { value: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { value: '7d', label: 'Last 7 days', ms: 604_800_000 },
  { value: '30d', label: 'Last 30 days', ms: 2_592_000_000 },
  { value: 'all', label: 'All time', ms: undefined },
] as const;

/** The query's range: a named one, counted back from now, or the two times in the address. */
export function resolveRange(
  address: { readonly range: string | undefined; readonly from: string | undefined; readonly to: string | undefined },
  nowMs: number,
): TimeRange {
  if (address.from !== undefined || address.to !== undefined) {
    return {
      ...(address.from === undefined ? {} : { from: address.from }),
      ...(address.to === undefined ? {} : { to: address.to }),
    };
  }
  const named = ranges.find(({ value }) => value === address.range) ?? { ms: undefined };
  // To the ten seconds, so that the same search is one entry of the cache.
  return named.ms === undefined
    ? {}
    : { from: new Date(Math.floor((nowMs - named.ms) / 10_000) * 10_000).toISOString() };
}

/** What `datetime-local` shows for a moment, by a clock. */
export function toInputTime(iso: string | undefined, clock: ClockChoice): string {
  const timeMs = Date.parse(iso ?? '');
  if (!Number.isFinite(timeMs)) return '';
  const shifted = new Date(timeMs + clockOffsetMinutes(timeMs, clock) * 60_000);
  return Number.isFinite(shifted.getTime()) ? shifted.toISOString().slice(0, 19) : '';
}

export function fromInputTime(text: string, clock: ClockChoice): string | undefined {
  const timeMs = momentAt(text, clock);
  return timeMs === undefined || Math.abs(timeMs) > 8.64e15 ? undefined : new Date(timeMs).toISOString();
}
