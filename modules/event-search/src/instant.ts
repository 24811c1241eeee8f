const isoPattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Milliseconds since 1970 from themselves or an ISO 8601 time; without a zone it is UTC. Undefined for anything else. */
export function parseInstant(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  if (!isoPattern.test(value)) return undefined;
  const hasZone = value.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(value.slice(10));
  const timeMs = Date.parse(hasZone ? value : `${value}Z`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
