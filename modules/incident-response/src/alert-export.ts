import { Readable } from 'node:stream';
import { csvRecord, safeFileName } from '@sallyport/platform/csv';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { alertJson } from './alert.ts';
import type { Alert } from './alert.ts';
import { alertFilter, alertFilterParameters, listPlace } from './alert-filter.ts';
import { shownTo } from './alerts-at-sites.ts';
import type { AlertFilter } from './alert-store.ts';
import type { Alerts } from './alerts.ts';

const maxRows = 100_000;
const defaultRows = 10_000;
const pageSize = 500;

const columns = [
  ...([
    'id',
    'number',
    'state',
    'level',
    'severity_id',
    'title',
    'rule_id',
    'host',
    'user',
    'source',
    'process',
  ] as const),
  ...(['identity', 'account', 'region', 'count', 'first_seen_at', 'last_seen_at', 'state_changed_at'] as const),
  ...(['assignee', 'finding', 'input', 'last_finding'] as const),
  // Where: after those that were there before, whose places others may count on.
  ...(['site', 'camera', 'picture', 'picture_before', 'disposition', 'priority', 'agent', 'agent_session'] as const),
] as const;

/** `GET /v1/alerts/export`: the alerts of a list as a file. */
export function addAlertExportRoute(app: Parameters<RoutePlugin>[0], alerts: Alerts): void {
  typedApp(app).get(
    '/v1/alerts/export',
    {
      config: { scope: 'alerts:read', narrowed: true, endsByItself: true },
      schema: {
        summary: 'Export alerts as a file; the export is recorded in the audit trail before its first line',
        tags: ['alerts'],
        produces: ['application/x-ndjson', 'text/csv'],
        querystring: Type.Object(
          {
            ...alertFilterParameters,
            format: Type.Enum(['ndjson', 'csv'], { description: 'ndjson: exact; csv: defused for spreadsheets' }),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxRows, description: `Default ${defaultRows}` })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: 'A line an alert; one that ends with `# more` or `{"more":true}` was cut at its limit',
            content: {
              'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
              'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { format, limit = defaultRows, ...query } = request.query;
      const filter = { ...alertFilter(query), isShown: shownTo(request.reach) };
      await alerts.recordExport({
        actor: request.principal,
        details: { filter: { ...query }, format, limit },
      });
      const lines = exportedAlerts(alerts, { filter, format, limit });
      const name = safeFileName(['alerts', new Date().toISOString()], format);
      return reply
        .header('content-type', format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="${name}"`)
        .header('cache-control', 'no-store')
        .send(Readable.from(lines, { objectMode: false, highWaterMark: 65_536 }));
    },
  );
}

/** Page by page: one page is held at a time, and who stops reading stops the rest. */
async function* exportedAlerts(
  alerts: Pick<Alerts, 'list'>,
  request: { readonly filter: Omit<AlertFilter, 'limit'>; readonly format: 'ndjson' | 'csv'; readonly limit: number },
): AsyncGenerator<string, void> {
  const { format } = request;
  // In the order they were made: an alert that gets a finding meanwhile would move to where was read already.
  const filter = { ...request.filter, sort: 'made' } as const;
  const isCsv = format === 'csv';
  if (isCsv) yield csvRecord(columns);
  let before: AlertFilter['before'];
  for (let left = request.limit; left > 0;) {
    const page = await alerts.list({
      ...filter,
      limit: Math.min(pageSize, left),
      ...(before === undefined ? {} : { before }),
    });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map((alert) => (isCsv ? csvLine(alert) : `${JSON.stringify(alertJson(alert))}\n`)).join('');
    left -= page.length;
    before = listPlace(last);
  }
  const more = await alerts.list({ ...filter, limit: 1, ...(before === undefined ? {} : { before }) });
  if (more.length > 0) yield isCsv ? csvRecord(['# more']) : '{"more":true}\n';
}

function csvLine(alert: Alert): string {
  const json = alertJson(alert);
  return csvRecord(columns.map((name) => json[name] ?? null));
}
