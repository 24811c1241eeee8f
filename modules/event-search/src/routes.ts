import { formatPosition, isJsonObject, parsePosition, type Position } from '@sallyport/contracts';
import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { EventSearchError } from './errors.ts';
import { parseInstant } from './instant.ts';
import { parseQuery } from './query-language.ts';
import type { Cost, FoundEvent, Search } from './search.ts';
import type { EventFilter } from './search-request.ts';

const instant = 'ISO 8601 (UTC unless it says otherwise) or milliseconds since 1970';
const filter = {
  q: Type.Optional(
    Type.String({
      maxLength: 8192,
      description: 'Query, e.g. class:1007 user:alice raw.Image:*\\cmd.exe -host:web1 "free text"',
    }),
  ),
  from: Type.Optional(Type.String({ maxLength: 40, description: `Start of the time range, included; ${instant}` })),
  to: Type.Optional(Type.String({ maxLength: 40, description: `End of the time range, not included; ${instant}` })),
  time: Type.Optional(
    Type.Enum(['received', 'claimed'], { description: 'Which time from and to mean; default received' }),
  ),
};
const cost = {
  elapsed_ms: Type.Integer({ description: 'Time the engine took' }),
};
const Event = Type.Object({
  position: Type.String({ description: 'LOG/INDEX in the ledger' }),
  received: Type.String({ format: 'date-time', description: 'Ledger time of receipt' }),
  event: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
    description: 'The OCSF event; null when its content was erased',
  }),
});

const auditLogName = 'audit';

/** `/v1/events`: search, count, histogram, top values, one event. */
export function createEventSearchRoutes(search: Search): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'events:read' };
    const tags = ['events'];

    app.get(
      '/v1/events',
      {
        config,
        schema: {
          summary: 'Search events, a page in order of receipt',
          tags,
          querystring: Type.Object(
            {
              ...filter,
              sort: Type.Optional(Type.Enum(['newest', 'oldest'], { description: 'Default newest' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 100' })),
              after: Type.Optional(Type.String({ maxLength: 40, description: 'next of the page before' })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              events: Type.Array(Event),
              next: Type.Optional(Type.String({ description: 'after of the next page; absent on the last' })),
              ...cost,
            }),
          },
        },
      },
      async ({ query, principal }) => {
        const { events, next, ...cost } = await search.search({
          ...visibleEvents(query, principal),
          ...(query.sort !== undefined && { sort: query.sort }),
          ...(query.limit !== undefined && { limit: query.limit }),
          ...(query.after !== undefined && { after: position(query.after) }),
        });
        return {
          events: events.map(shown),
          ...(next !== undefined && { next: formatPosition(next) }),
          ...shownCost(cost),
        };
      },
    );

    app.get(
      '/v1/events/count',
      {
        config,
        schema: {
          summary: 'Count events',
          tags,
          querystring: Type.Object(filter, { additionalProperties: false }),
          response: { 200: Type.Object({ count: Type.Integer(), ...cost }) },
        },
      },
      async ({ query, principal }) => {
        const { count, ...cost } = await search.count(visibleEvents(query, principal));
        return { count, ...shownCost(cost) };
      },
    );

    app.get(
      '/v1/events/histogram',
      {
        config,
        schema: {
          summary: 'Count events per interval; intervals without events are left out',
          tags,
          querystring: Type.Object(
            {
              ...filter,
              interval_ms: Type.Optional(
                Type.Integer({ minimum: 1000, description: 'Default: a round one that gives at most 60 intervals' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              buckets: Type.Array(
                Type.Object({
                  time: Type.String({ format: 'date-time', description: 'Start of the interval' }),
                  count: Type.Integer(),
                }),
              ),
              interval_ms: Type.Integer(),
              ...cost,
            }),
          },
        },
      },
      async ({ query, principal }) => {
        const { buckets, intervalMs, ...cost } = await search.histogram(
          visibleEvents(query, principal),
          query.interval_ms,
        );
        return {
          buckets: buckets.map(({ fromMs, count }) => ({ time: new Date(fromMs).toISOString(), count })),
          interval_ms: intervalMs,
          ...shownCost(cost),
        };
      },
    );

    app.get(
      '/v1/events/top',
      {
        config,
        schema: {
          summary: 'The most frequent values of a field',
          tags,
          querystring: Type.Object(
            {
              ...filter,
              field: Type.String({ minLength: 1, maxLength: 256 }),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
              ...cost,
            }),
          },
        },
      },
      async ({ query, principal }) => {
        const { values, ...cost } = await search.topValues(
          visibleEvents(query, principal),
          query.field,
          query.limit ?? 20,
        );
        return { values: [...values], ...shownCost(cost) };
      },
    );

    app.get(
      '/v1/events/:log/:index',
      {
        config,
        schema: {
          summary: 'One event by its position in the ledger',
          tags,
          params: Type.Object({ log: Type.String({ maxLength: 9 }), index: Type.String({ maxLength: 15 }) }),
          response: { 200: Event },
        },
      },
      async ({ params, principal }) => {
        const found = await search.event(position(`${params.log}/${params.index}`));
        if (!maySeeAudit(principal) && isAuditRecord(found)) {
          throw new EventSearchError('event_not_found', `Cannot find event ${params.log}/${params.index}`);
        }
        return shown(found);
      },
    );
  };
}

/** Our own audit records name people and what they typed: only who may read the audit trail finds them among the events. */
function maySeeAudit(principal: Principal): boolean {
  return principal.scopes.includes('audit:read');
}

function isAuditRecord({ event }: FoundEvent): boolean {
  const metadata = event?.['metadata'];
  return isJsonObject(metadata) && metadata['log_name'] === auditLogName;
}

function visibleEvents(query: Parameters<typeof eventFilter>[0], principal: Principal): EventFilter {
  const filter = eventFilter(query);
  if (maySeeAudit(principal)) return filter;
  return { ...filter, where: [...(filter.where ?? []), { field: 'log_name', op: 'neq', value: auditLogName }] };
}

function eventFilter(query: { q?: string; from?: string; to?: string; time?: 'received' | 'claimed' }): EventFilter {
  return {
    ...(query.q !== undefined && parseQuery(query.q)),
    ...(query.from !== undefined && { fromMs: instantOf('from', query.from) }),
    ...(query.to !== undefined && { toMs: instantOf('to', query.to) }),
    ...(query.time !== undefined && { timeField: query.time }),
  };
}

function instantOf(name: string, text: string): number {
  const timeMs = parseInstant(text);
  if (timeMs === undefined)
    throw new EventSearchError('query_invalid', `Cannot search: ${name} is "${text}", must be ${instant}`);
  return timeMs;
}

function position(text: string): Position {
  const parsed = parsePosition(text);
  if (parsed === undefined)
    throw new EventSearchError('query_invalid', `Cannot search: "${text}" must be a position such as 1/42`);
  return parsed;
}

function shown(found: FoundEvent): { position: string; received: string; event: Record<string, unknown> | null } {
  return {
    position: formatPosition(found.position),
    received: new Date(found.receivedAtMs).toISOString(),
    event: found.event === undefined ? null : { ...found.event },
  };
}

function shownCost(cost: Cost): { elapsed_ms: number } {
  return { elapsed_ms: cost.elapsedMs };
}
