import { formatPosition, parsePosition } from '@sallyport/contracts';
import type { EventSearch, Filter } from '@sallyport/event-search';
import { codeOf } from '@sallyport/platform/errors';
import type { RecordedDecisions } from '@sallyport/policy-library';
import { entryOf } from './audit.ts';

const ours: readonly Filter[] = [
  { field: 'log_name', op: 'eq', value: 'audit' },
  { field: 'raw_data', op: 'exists', negated: true },
  { field: 'event_code', op: 'in', value: ['request.allowed', 'request.denied'] },
];
/** A refusal is recorded once; a few more, should somebody have put its id elsewhere. */
const maxFound = 20;

/** What the edge decided, out of the audit trail: what came from outside is never among it. */
export function createRecordedDecisions(search: Pick<EventSearch, 'search' | 'event'>): RecordedDecisions {
  return {
    async page({ limit, after }) {
      const from = after === undefined ? undefined : parsePosition(after);
      const { events, next } = await search.search({
        where: ours,
        limit,
        ...(from === undefined ? {} : { after: from }),
      });
      return {
        entries: events.flatMap((found) => entryOf(found) ?? []),
        ...(next === undefined ? {} : { next: formatPosition(next) }),
      };
    },
    async at(position) {
      const parsed = parsePosition(position);
      if (parsed === undefined) return undefined;
      try {
        return entryOf(await search.event(parsed));
      } catch (error) {
        if (codeOf(error) === 'event_not_found') return undefined;
        throw error;
      }
    },
    async withRequest(id) {
      const { events } = await search.search({ where: ours, text: id, limit: maxFound });
      return events.flatMap((found) => entryOf(found) ?? []);
    },
  };
}
