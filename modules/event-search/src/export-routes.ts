import { Readable } from 'node:stream';
import { formatPosition, ocsfClass } from '@sallyport/contracts';
import { auditEvent, type AuditEvent } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import { safeFileName } from '@sallyport/platform/csv';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { CallerLanes } from './caller-lanes.ts';
import { EventSearchError } from './errors.ts';
import { exportedEvents } from './event-export.ts';
import { createExportPlaces } from './export-places.ts';
import type { Search } from './search.ts';
import { filterParameters, visibleEvents } from './visible-events.ts';

export type ExportNeeds = {
  readonly clock: Clock;
  /** Resolves when the event is durable: nothing is exported that was not recorded. */
  readonly recordAudit: (event: AuditEvent) => Promise<void>;
};

const maxRows = 100_000;
const defaultRows = 10_000;

/** `GET /v1/events/export`: the events of a search as a file. */
export function addExportRoute(
  app: Parameters<RoutePlugin>[0],
  search: Search,
  needs: ExportNeeds & { readonly lanes: CallerLanes },
): void {
  const places = createExportPlaces(needs.clock);
  typedApp(app).get(
    '/v1/events/export',
    {
      config: { scope: 'events:read', narrowed: true, endsByItself: true },
      schema: {
        summary: 'Export events as a file; the export is recorded in the audit trail before its first line',
        tags: ['events'],
        produces: ['application/x-ndjson', 'text/csv'],
        querystring: Type.Object(
          {
            ...filterParameters,
            format: Type.Enum(['ndjson', 'csv'], {
              description: 'ndjson: exact; csv: the usual columns, defused for spreadsheets',
            }),
            sort: Type.Optional(Type.Enum(['newest', 'oldest'], { description: 'Default newest' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxRows, description: `Default ${defaultRows}` })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description:
              '`sallyport-rows` says how many lines follow, `sallyport-rows-found` how many events fit, `sallyport-erased` how many events of this time were erased, `sallyport-rebuilding` (FROM-TO) what is not found yet while the store is filled again',
            content: {
              'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
              'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
            },
          },
        },
      },
    },
    async ({ query, principal, reach }, reply) => {
      const { format, sort = 'newest', limit = defaultRows } = query;
      const { filter } = visibleEvents(query, { principal, reach });
      const nowMs = needs.clock.nowMs();
      // What arrives while it runs is not part of it: the number in its head is right.
      const bounded =
        filter.timeField === 'claimed' ? filter : { ...filter, toMs: Math.min(filter.toMs ?? nowMs, nowMs) };
      if (bounded.fromMs !== undefined && bounded.toMs !== undefined && bounded.fromMs > bounded.toMs)
        throw new EventSearchError('query_invalid', 'Cannot export: the time range lies in the future');
      const place = places.take(`${principal.kind}/${principal.id}`);
      try {
        const { count, rebuilding, erased } = await needs.lanes.run(principal, () => search.count(bounded));
        const rows = Math.min(count, limit);
        await needs.recordAudit(
          auditEvent({
            nowMs,
            actor: { kind: principal.kind, id: principal.id, name: principal.name },
            action: 'events.export',
            classUid: ocsfClass.apiActivity,
            activityId: 2,
            outcome: 'success',
            target: { type: 'events', id: 'search' },
            details: { q: query.q ?? '', from: query.from ?? '', to: query.to ?? '', format, sort, rows, found: count },
          }),
        );
        const lines = exportedEvents(search, { ...bounded, format, sort, limit: rows });
        const stream = Readable.from(noticed(lines, place.moved), { objectMode: false, highWaterMark: 65_536 });
        stream.once('close', place.leave);
        place.begun(() => stream.destroy());
        const name = safeFileName(
          ['events', new Date(nowMs).toISOString(), ...(rows < count ? [`first-${rows}-of-${count}`] : [])],
          format,
        );
        return await reply
          .header('content-type', format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson')
          .header('content-disposition', `attachment; filename="${name}"`)
          .header('cache-control', 'no-store')
          .header('sallyport-rows', String(rows))
          .header('sallyport-rows-found', String(count))
          .headers(erased === undefined ? {} : { 'sallyport-erased': String(erased) })
          .headers(
            rebuilding === undefined
              ? {}
              : { 'sallyport-rebuilding': `${formatPosition(rebuilding.through)}-${formatPosition(rebuilding.until)}` },
          )
          .send(stream);
      } catch (error) {
        place.leave();
        throw error;
      }
    },
  );
}

/** The same, telling of each part that is taken. */
async function* noticed(parts: AsyncIterable<string>, taken: () => void): AsyncGenerator<string, void> {
  for await (const part of parts) {
    taken();
    yield part;
  }
}
