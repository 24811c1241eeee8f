import { maySeeAudit } from '@sallyport/event-search';
import type { EventFilter } from '@sallyport/event-search';
import type { Principal } from '@sallyport/platform/http';

export type Sight = {
  readonly events: boolean;
  readonly devices: boolean;
  readonly withoutOwn: NonNullable<EventFilter['withoutOwn']>;
  readonly hints: readonly string[];
};

/** The same a search would show its caller: who may not read events, devices or the audit trail sees nothing of them here either. */
export function whatMayBeSeen(principal: Principal): Sight {
  const events = principal.scopes.includes('events:read');
  return {
    events,
    devices: principal.scopes.includes('devices:read'),
    // Reads that were let through join whoever reads with everything: they are no trace.
    withoutOwn: maySeeAudit(principal) ? 'reads' : 'audit',
    hints: events ? [] : ['Events are left out: they need "events:read"'],
  };
}
