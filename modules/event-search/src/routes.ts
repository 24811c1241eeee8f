import { formatPosition } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { createCallerLanes } from './caller-lanes.ts';
import { ErasedAnswer, erasedHints } from './erased-answer.ts';
import { EventSearchError } from './errors.ts';
import { addTableRoute } from './table-route.ts';
import { addExportRoute, type ExportNeeds } from './export-routes.ts';
import { RebuildingAnswer, rebuildingHints, shownRebuilding } from './rebuilding-answer.ts';
import { searchLimits } from './search-request.ts';
import { eventNotFoundMessage, type Cost, type FoundEvent, type Search } from './search.ts';
import { filterParameters, hintsFor, isHiddenFrom, position, visibleEvents } from './visible-events.ts';

const filter = filterParameters;
const cost = {
  elapsed_ms: Type.Integer({ description: 'Time the engine took' }),
  rebuilding: RebuildingAnswer,
  erased: ErasedAnswer,
};
const Event = Type.Object({
  position: Type.String({ description: 'LOG/INDEX in the ledger' }),
  received: Type.String({ format: 'date-time', description: 'Ledger time of receipt' }),
  event: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
    description: 'The OCSF event; null when its content was erased',
  }),
  remapped: Type.Optional(
    Type.Object(
      {
        sealed: Type.Optional(Type.String({ description: 'NAME@VERSION of the mapping it was sealed by' })),
        by: Type.Optional(Type.String({ description: "NAME@VERSION of today's mapping that search shows it by" })),
        holds: Type.Enum(['remapped', 'sealed'], { description: 'Which of the two `event` is' }),
      },
      { description: 'Present when search shows the event by another mapping than the ledger holds' },
    ),
  ),
});

const hints = Type.Optional(
  Type.Array(Type.String(), { description: 'What makes the answer smaller than it may seem, for people' }),
);
/** Of one caller at once; a page of the console asks for some ten things together. */
const maxSearchesPerCaller = 16;

/** `/v1/events`: search, count, histogram, top values, export, one event. */
export function createEventSearchRoutes(search: Search, needs: ExportNeeds): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'events:read', narrowed: true } as const;
    const lanes = createCallerLanes(maxSearchesPerCaller);
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
              offset: Type.Optional(
                Type.Integer({
                  minimum: 0,
                  maximum: searchLimits.maxOffset,
                  description: 'How many events to pass over first; any place of a list is one request away',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              events: Type.Array(Event),
              next: Type.Optional(Type.String({ description: 'after of the next page; absent on the last' })),
              hints,
              ...cost,
            }),
          },
        },
      },
      async ({ query, principal, reach }) => {
        const visible = visibleEvents(query, { principal, reach });
        const after = query.after === undefined ? undefined : position(query.after);
        const isFirst = after === undefined && (query.offset ?? 0) === 0;
        const { page, found } = await lanes.run(principal, async () => {
          const page = await search.search({
            ...visible.filter,
            ...(query.sort !== undefined && { sort: query.sort }),
            ...(query.limit !== undefined && { limit: query.limit }),
            ...(query.offset !== undefined && { offset: query.offset }),
            ...(after !== undefined && { after }),
          });
          return { page, found: isFirst ? await hintsFor(search, visible, page.events.length) : [] };
        });
        const { events, next, ...cost } = page;
        const said = [...rebuildingHints(cost), ...erasedHints(cost), ...found];
        return {
          events: events.map(shown),
          ...(next !== undefined && { next: formatPosition(next) }),
          ...(said.length > 0 && { hints: said }),
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
          response: { 200: Type.Object({ count: Type.Integer(), hints, ...cost }) },
        },
      },
      async ({ query, principal, reach }) => {
        const visible = visibleEvents(query, { principal, reach });
        const { counted, found } = await lanes.run(principal, async () => {
          const counted = await search.count(visible.filter);
          return { counted, found: await hintsFor(search, visible, counted.count) };
        });
        const { count, ...cost } = counted;
        const said = [...rebuildingHints(cost), ...erasedHints(cost), ...found];
        return { count, ...(said.length > 0 && { hints: said }), ...shownCost(cost) };
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
      async ({ query, principal, reach }) => {
        const visible = visibleEvents(query, { principal, reach });
        const { buckets, intervalMs, ...cost } = await lanes.run(principal, () =>
          search.histogram(visible.filter, query.interval_ms),
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
      async ({ query, principal, reach }) => {
        const visible = visibleEvents(query, { principal, reach });
        const { values, ...cost } = await lanes.run(principal, () =>
          search.topValues(visible.filter, query.field, query.limit ?? 20),
        );
        return { values: [...values], ...shownCost(cost) };
      },
    );

    addTableRoute(fastify, search, lanes);
    addExportRoute(fastify, search, { ...needs, lanes });

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
      async ({ params, principal, reach }) => {
        const at = position(`${params.log}/${params.index}`);
        const found = await lanes.run(principal, () => search.event(at));
        if (isHiddenFrom({ principal, reach }, found))
          throw new EventSearchError('event_not_found', eventNotFoundMessage(at));
        return shown(found);
      },
    );
  };
}

function shown(found: FoundEvent): Static<typeof Event> {
  return {
    position: formatPosition(found.position),
    received: new Date(found.receivedAtMs).toISOString(),
    event: found.event === undefined ? null : { ...found.event },
    ...(found.remapped !== undefined && { remapped: found.remapped }),
  };
}

function shownCost(cost: Cost): { elapsed_ms: number; erased?: number } & ReturnType<typeof shownRebuilding> {
  return {
    elapsed_ms: cost.elapsedMs,
    ...shownRebuilding(cost),
    ...(cost.erased === undefined ? {} : { erased: cost.erased }),
  };
}
