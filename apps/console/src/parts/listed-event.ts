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
  /** What columns may show, by the names of the query language; short. Not in the live feed. */
  readonly facts?: ReadonlyMap<string, string>;
};

const maxFactLength = 200;

export function listedEvent(row: EventRow): ListedEvent {
  const facts = new Map(eventFacts(row).map(({ field, value }) => [field, value.slice(0, maxFactLength)]));
  return {
    position: row.position,
    received: row.received,
    class_uid: classUidOf(row),
    host: facts.get('host') ?? '',
    text: eventSummary(row).slice(0, 400),
    synthetic: isSynthetic(row),
    facts,
  };
}
