import { visibleEvents, type EventFilter } from '@sallyport/event-search';
import type { Hunt } from './hunt.ts';

/** The events a hunt is about, as its starter could see them. Throws `EventSearchError` `query_invalid`. */
export function filterOf({ filter, seesAudit }: Pick<Hunt, 'filter' | 'seesAudit'>): EventFilter {
  const scopes = seesAudit ? ['audit:read'] : [];
  return visibleEvents(filter, { kind: 'key', id: 'hunt', name: 'hunt', scopes }).filter;
}
