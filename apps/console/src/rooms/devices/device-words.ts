import type { Device } from './devices-query.ts';

export const kindWords: Readonly<Record<Device['kind'], string>> = {
  phone: 'Phone or tablet',
  pc: 'Computer',
  esp32: 'ESP32 camera',
  whip: 'Program or box that sends by WHIP',
};

/** "14:59", "0:05"; never negative. */
export function timeLeft(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Where it stands, for people; empty when nobody said. */
export function whereWords({ place, site }: Pick<Device, 'place' | 'site'>): string {
  return [place, site].filter((part) => part !== '').join(', ');
}

/** What it calls itself; empty when it does not say. */
export function aboutWords({ about }: Pick<Device, 'about'>): string {
  return [about.name, about.platform].filter((part) => part !== undefined && part !== '').join(', ');
}

/** Whether a link leads back to whoever opens it: no other device gets here by it. */
export function leadsNowhereElse(link: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(link).hostname);
}

/** Waiting ones first, the newest on top; then those let in, by name; then the revoked, the latest on top. */
export function sorted(devices: readonly Device[]): {
  readonly waiting: Device[];
  readonly approved: Device[];
  readonly revoked: Device[];
} {
  const of = (state: Device['state']): Device[] => devices.filter((device) => device.state === state);
  return {
    waiting: of('waiting').toSorted((a, b) => b.enrolled_ms - a.enrolled_ms),
    approved: of('approved').toSorted((a, b) => a.name.localeCompare(b.name)),
    revoked: of('revoked').toSorted((a, b) => (b.revoked_ms ?? 0) - (a.revoked_ms ?? 0)),
  };
}
