import type { EventRow } from '../api/queries.ts';
import { classUidOf, eventFacts, eventSummary, isSynthetic } from './event-facts.ts';

/** An event in one line, as lists show it; the live feed sends it so. */
export type ListedEvent = {
  readonly position: string;
  readonly received: string;
  readonly class_uid: number;
  readonly host: string;
  /** Only in the live feed: the product that wrote it. */
  readonly product?: string;
  readonly text: string;
  readonly synthetic: boolean;
};

export function listedEvent(row: EventRow): ListedEvent {
  return {
    position: row.position,
    received: row.received,
    class_uid: classUidOf(row),
    host: eventFacts(row).find(({ field }) => field === 'host')?.value ?? '',
    text: eventSummary(row),
    synthetic: isSynthetic(row),
  };
}
