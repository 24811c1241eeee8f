/** A distance from UTC as `+05:30`. */
export const zonePattern = '^[+-](?:0\\d|1[0-4]):[0-5]\\d$';

/** Minutes east of UTC of `+05:30`. */
export function zoneMinutesOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return zone.startsWith('-') ? -minutes : minutes;
}
