export type TimeRange = { readonly from?: string; readonly to?: string };

export const ranges = [
  { value: '15m', label: 'Last 15 minutes', ms: 900_000 },
  { value: '1h', label: 'Last hour', ms: 3_600_000 },
  { value: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { value: '7d', label: 'Last 7 days', ms: 604_800_000 },
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
  const named = ranges.find(({ value }) => value === address.range) ?? ranges[4];
  // To the ten seconds, so that the same search is one entry of the cache.
  return named.ms === undefined
    ? {}
    : { from: new Date(Math.floor((nowMs - named.ms) / 10_000) * 10_000).toISOString() };
}

/** What `datetime-local` shows for a moment, in local time or UTC. */
export function toInputTime(iso: string | undefined, utc: boolean): string {
  const timeMs = Date.parse(iso ?? '');
  if (!Number.isFinite(timeMs)) return '';
  const offsetMs = utc ? 0 : new Date(timeMs).getTimezoneOffset() * 60_000;
  return new Date(timeMs - offsetMs).toISOString().slice(0, 19);
}

export function fromInputTime(text: string, utc: boolean): string | undefined {
  const timeMs = Date.parse(utc ? `${text}Z` : text);
  return Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : undefined;
}
