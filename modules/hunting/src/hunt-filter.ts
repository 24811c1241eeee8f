import { visibleEvents, type EventFilter } from '@sallyport/event-search';
import { reachOfEverything } from '@sallyport/platform/http';
import type { Hunt } from './hunt.ts';

/** The events a hunt is about, as its starter could see them. Throws `EventSearchError` `query_invalid`. */
export function filterOf({ filter, seesAudit }: Pick<Hunt, 'filter' | 'seesAudit'>): EventFilter {
  const scopes = seesAudit ? ['audit:read'] : [];
  return visibleEvents(filter, {
    principal: { kind: 'key', id: 'hunt', name: 'hunt', scopes },
    reach: reachOfEverything,
  }).filter;
}
