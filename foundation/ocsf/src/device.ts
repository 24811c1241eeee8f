import type { JsonObject } from './event.ts';
import { looksLikeIp } from './fields.ts';

/** The computer an event is about, by name or address. */
export function deviceOf(computer: string | undefined): JsonObject {
  if (computer === undefined) return { type_id: 0, name: 'unknown' };
  return looksLikeIp(computer) ? { type_id: 0, ip: computer } : { type_id: 0, hostname: computer };
}
