// What a forwarder does: for tests and benches of the reading side.
import type { HecEvent } from './parse-events.ts';

export type HecToSend = Partial<Omit<HecEvent, 'original' | 'unixMs' | 'fields'>> & {
  readonly time?: number | string;
  readonly fields?: object;
  readonly event: unknown;
};

export function encodeHecEvents(events: readonly HecToSend[], between = ''): string {
  return events.map((event) => JSON.stringify(event)).join(between);
}
