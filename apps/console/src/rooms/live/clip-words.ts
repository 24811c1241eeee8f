import { clockOffsetMinutes } from '../../parts/clock-time.ts';
import type { ClockChoice } from '../../parts/clock-time.ts';

/** What an input for date and time takes: `2026-11-22T08:01:05`, by the clock in use. */
export function clockText(timeMs: number, clock: ClockChoice): string {
  return new Date(timeMs + clockOffsetMinutes(timeMs, clock) * 60_000).toISOString().slice(0, 19);
}

/** A name for the file that any system takes; times in UTC. */
export function clipName(camera: string, fromMs: number): string {
  const name = camera
    .normalize('NFKD')
    .replaceAll(/[^\w-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .toLowerCase()
    .slice(0, 40);
  const time = new Date(fromMs).toISOString().slice(0, 19).replaceAll(/[:-]/g, '').replace('T', '-');
  return `clip-${name === '' ? 'camera' : name}-${time}Z.html`;
}
