const isoPattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Milliseconds since 1970 from themselves or an ISO 8601 time; without a zone it is UTC. Undefined for anything else. */
export function parseInstant(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  if (!isoPattern.test(value)) return undefined;
  const hasZone = value.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(value.slice(10));
  // 30 February would become 2 March.
  const day = new Date(`${value.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value.slice(0, 10)) return undefined;
  const timeMs = Date.parse(hasZone ? value : `${value}Z`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
