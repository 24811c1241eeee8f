import type { PastCalls } from '@sallyport/agent-guard';
import { agentLogName, formatPosition, isJsonObject, parsePosition } from '@sallyport/contracts';
import type { EventSearch } from '@sallyport/event-search';

/** What was decided about calls of agents, and what came back from them, out of the ledger: what comes from outside has `raw_data`, and is never among it. */
export function createPastCalls(search: Pick<EventSearch, 'search'>): PastCalls {
  return {
    async page({ of, agentId, limit, after }) {
      const from = after === undefined ? undefined : parsePosition(after);
      const { events, next } = await search.search({
        where: [
          { field: 'log_name', op: 'eq', value: agentLogName },
          { field: 'raw_data', op: 'exists', negated: true },
          { field: 'event_code', op: 'eq', value: of === 'answers' ? 'agent.tool_finished' : 'agent.tool_decided' },
        ],
        ...(agentId === undefined ? {} : { text: agentId }),
        limit,
        ...(from === undefined ? {} : { after: from }),
      });
      const entries = events.flatMap(({ position, receivedAtMs, event }) => {
        const actor = event?.['actor'];
        // The id may stand elsewhere in the event of another agent.
        if (event === undefined || !isJsonObject(actor)) return [];
        if (agentId !== undefined && actor['app_uid'] !== agentId) return [];
        return [{ position: formatPosition(position), atMs: receivedAtMs, event }];
      });
      return { entries, ...(next === undefined ? {} : { next: formatPosition(next) }) };
    },
  };
}
