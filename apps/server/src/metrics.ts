import type { EventIntake } from '@sallyport/event-intake';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Health } from './health.ts';
import { openMetrics } from './open-metrics.ts';
import type { Family } from './open-metrics.ts';

/** Sources with figures of their own; what a scraper has to keep does not grow with who sends. */
const mostSources = 500;

/** `GET /v1/metrics`: figures for a scraper, as OpenMetrics text. */
export function createMetricsRoutes(needs: {
  readonly health: Pick<Health, 'report'>;
  readonly intake: Pick<EventIntake, 'totals' | 'states' | 'lately'>;
}): RoutePlugin {
  return async (app) => {
    app.get(
      '/v1/metrics',
      {
        config: { scope: 'health:read' },
        schema: {
          summary: `Figures as OpenMetrics text; of sources those ${mostSources} that sent last`,
          tags: ['health'],
          produces: ['application/openmetrics-text'],
          response: { 200: Type.String() },
        },
      },
      async (_request, reply) => {
        const families = [
          ...intakeFamilies(needs.intake),
          ...sourceFamilies(needs.intake),
          ...serverFamilies(await needs.health.report()),
        ];
        return reply
          .header('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
          .send(Buffer.from(openMetrics(families)));
      },
    );
  };
}

function intakeFamilies({ totals: figures, states }: Pick<EventIntake, 'totals' | 'states'>): Family[] {
  const { accepted, bytes, keptRaw, refused, formats } = figures.totals;
  const by = (label: string, counts: ReadonlyMap<string, number>): Family['samples'] =>
    [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));
  return [
    { name: 'sallyport_intake_events', type: 'counter', help: 'Events taken in', samples: [{ value: accepted }] },
    { name: 'sallyport_intake_bytes', type: 'counter', help: 'Bytes taken in', samples: [{ value: bytes }] },
    {
      name: 'sallyport_intake_kept_raw',
      type: 'counter',
      help: 'Events that could not be read',
      samples: by('reason', keptRaw),
    },
    {
      name: 'sallyport_intake_refused',
      type: 'counter',
      help: 'Requests that were refused',
      samples: by('code', refused),
    },
    { name: 'sallyport_intake_formats', type: 'counter', help: 'Events by format', samples: by('format', formats) },
    { name: 'sallyport_sources', type: 'gauge', help: 'Sources by state', samples: by('state', states()) },
  ];
}

function sourceFamilies({ lately }: Pick<EventIntake, 'lately'>): Family[] {
  const sources = lately(mostSources).map(({ keyId, name, figures }) => ({
    labels: { key: keyId, source: name },
    totals: figures.totals,
    lag: figures.lag,
    lastSeenMs: figures.lastSeenMs,
  }));
  const sum = (counts: ReadonlyMap<string, number>): number => counts.values().reduce((one, other) => one + other, 0);
  const counter = (name: string, help: string, value: (source: (typeof sources)[number]) => number): Family => ({
    name,
    type: 'counter',
    help,
    samples: sources.map((source) => ({ labels: source.labels, value: value(source) })),
  });
  return [
    counter('sallyport_source_events', 'Events of a source', ({ totals }) => totals.accepted),
    counter('sallyport_source_bytes', 'Bytes of a source', ({ totals }) => totals.bytes),
    counter('sallyport_source_kept_raw', 'Events of a source that could not be read', ({ totals }) =>
      sum(totals.keptRaw),
    ),
    counter('sallyport_source_refused', 'Requests of a source that were refused', ({ totals }) => sum(totals.refused)),
    {
      name: 'sallyport_source_last_seen_timestamp_seconds',
      type: 'gauge',
      help: 'When a source was last heard',
      samples: sources.flatMap(({ labels, lastSeenMs }) =>
        lastSeenMs === undefined ? [] : [{ labels, value: lastSeenMs / 1000 }],
      ),
    },
    {
      name: 'sallyport_source_lag_seconds',
      type: 'gauge',
      help: 'Received minus when the event says it happened; negative when the clock of the sender is ahead',
      samples: sources.flatMap(({ labels, lag }) =>
        lag === undefined
          ? []
          : [
              { labels: { ...labels, quantile: '0.5' }, value: lag.p50 / 1000 },
              { labels: { ...labels, quantile: '0.99' }, value: lag.p99 / 1000 },
            ],
      ),
    },
  ];
}

/** What the health report has in numbers. */
function serverFamilies(report: JsonObject): Family[] {
  const at = (...path: string[]): JsonValue | undefined =>
    path.reduce<JsonValue | undefined>((value, name) => (isJsonObject(value) ? value[name] : undefined), report);
  const gauge = (name: string, help: string, value: JsonValue | undefined): Family[] => {
    const number = typeof value === 'boolean' ? Number(value) : value;
    return typeof number === 'number' ? [{ name, type: 'gauge', help, samples: [{ value: number }] }] : [];
  };
  return [
    ...gauge('sallyport_ledger_up', 'Whether the ledger answers', at('ledger', 'up')),
    ...gauge('sallyport_search_up', 'Whether the search store answers', at('search', 'up')),
    ...gauge('sallyport_search_lag_entries', 'Ledger entries not yet searchable', at('search', 'lag')),
    ...gauge('sallyport_detection_lag_entries', 'Ledger entries not yet scanned', at('detection', 'lag')),
    ...gauge('sallyport_detection_rules', 'Rules in force', at('detection', 'rulesLoaded')),
    ...gauge('sallyport_server_memory_bytes', 'Memory of the server', at('processes', 'server', 'memory_bytes')),
  ];
}
