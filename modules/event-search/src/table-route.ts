import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { CallerLanes } from './caller-lanes.ts';
import { ErasedAnswer, erasedHints } from './erased-answer.ts';
import { RebuildingAnswer, rebuildingHints, shownRebuilding } from './rebuilding-answer.ts';
import type { Search } from './search.ts';
import { filterParameters, hintsFor, visibleTable } from './visible-events.ts';

/** `GET /v1/events/table`: what becomes of the events of a query with a stage behind a `|`. */
export function addTableRoute(
  app: Parameters<RoutePlugin>[0],
  search: Pick<Search, 'table' | 'absentFields'>,
  lanes: CallerLanes,
): void {
  typedApp(app).get(
    '/v1/events/table',
    {
      config: { scope: 'events:read', narrowed: true },
      schema: {
        summary: 'A table of events: … | count by user, … | top 10 process, … | timechart 1h by class',
        tags: ['events'],
        querystring: Type.Object(filterParameters, { additionalProperties: false }),
        response: {
          200: Type.Object({
            columns: Type.Array(
              Type.Object({
                name: Type.String(),
                kind: Type.Enum(['text', 'number', 'time', 'position'], {
                  description: 'time: milliseconds since 1970; position: LOG/INDEX of an event',
                }),
              }),
            ),
            rows: Type.Array(Type.Array(Type.Union([Type.String(), Type.Number()])), {
              description: 'A cell for each column; an empty text where events have no value',
            }),
            stage: Type.String(),
            cut: Type.Boolean({ description: 'There are more rows' }),
            span_ms: Type.Optional(Type.Integer({ description: 'Width of a bar of a timechart' })),
            hints: Type.Optional(Type.Array(Type.String())),
            elapsed_ms: Type.Integer({ description: 'Time the engine took' }),
            rebuilding: RebuildingAnswer,
            erased: ErasedAnswer,
          }),
        },
      },
    },
    async ({ query, principal, reach }) => {
      const visible = visibleTable(query, { principal, reach });
      const { table, found } = await lanes.run(principal, async () => {
        const table = await search.table(visible.filter, visible.stage);
        return { table, found: await hintsFor(search, visible, table.rows.length) };
      });
      const said = [...rebuildingHints(table), ...erasedHints(table), ...found];
      return {
        columns: table.columns.map((column) => ({ ...column })),
        rows: table.rows.map((row) => [...row]),
        stage: visible.stage.kind,
        cut: table.isCut,
        ...(table.spanMs !== undefined && { span_ms: table.spanMs }),
        ...(said.length > 0 && { hints: said }),
        elapsed_ms: table.elapsedMs,
        ...shownRebuilding(table),
        ...(table.erased !== undefined && { erased: table.erased }),
      };
    },
  );
}
