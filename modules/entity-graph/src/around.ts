import { comparePositions, eventKind, eventLine, formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { entityFields, promotedValue } from '@sallyport/event-search';
import type { Condition, EventFilter, FoundEvent, Rebuilding } from '@sallyport/event-search';
import type { Principal } from '@sallyport/platform/http';
import { entitiesOfAlert, entityAt, nodeId, valuesOf } from './entity.ts';
import type { Entity } from './entity.ts';
import { fleetLinks } from './fleet-links.ts';
import { drawGraph, graphLimits } from './graph.ts';
import type { EntityGraph, Link } from './graph.ts';
import type { AroundNeeds, NearAlert } from './needs.ts';
import { neighbourhood, nothingSeen, withoutFindings } from './neighbourhood.ts';
import { whatMayBeSeen } from './visibility.ts';

/** A moment of the time around an alert. */
export type Moment = {
  readonly atMs: number;
  /** Nodes of the graph it is about. */
  readonly nodes: readonly string[];
} & (
  | { readonly kind: 'alert'; readonly alert: NearAlert }
  | {
      readonly kind: 'event';
      readonly position: Position;
      readonly classUid: number;
      /** As lists of events show it. */
      readonly word: string;
      readonly text: string;
      readonly hasFailed: boolean;
    }
);

export type Around = {
  readonly alert: NearAlert;
  readonly fromMs: number;
  readonly toMs: number;
  readonly graph: EntityGraph;
  /** What entities are called, where that is not their name: cameras have ids. */
  readonly labels: ReadonlyMap<string, string>;
  /** Other alerts in that time that share an entity, the highest priority first. */
  readonly alerts: readonly NearAlert[];
  /** Oldest first. */
  readonly timeline: readonly Moment[];
  /** Events of the alert's own entities over that time. */
  readonly histogram: { readonly intervalMs: number; readonly buckets: readonly { fromMs: number; count: number }[] };
  readonly erased: number;
  readonly rebuilding: Rebuilding | undefined;
  /** What makes the picture smaller than it may seem, for people. */
  readonly hints: readonly string[];
  /** Time it took altogether. */
  readonly elapsedMs: number;
};

const hourMs = 3_600_000;
/** An alert may stand for findings of weeks: looked at is its end. */
const longestMs = 14 * 24 * hourMs;
const nearest = {
  alerts: 500,
  shownAlerts: 50,
  before: 60,
  after: 30,
} as const;
/** What is near an alert in time and relation, as far as the caller may see it. Throws what a search throws, and `alert_unknown`. */
export async function lookAround(
  needs: AroundNeeds,
  request: { readonly id: string; readonly hours: number; readonly principal: Principal },
): Promise<Around> {
  const startedMs = needs.clock.monotonicMs();
  const { matched, ...alert } = await needs.alert(request.id);
  const marginMs = request.hours * hourMs;
  const fromMs = Math.max(alert.firstSeenMs, alert.lastSeenMs - longestMs) - marginMs;
  // Times of receipt are rounded down to the second.
  const toMs = alert.lastSeenMs + marginMs + 1000;
  const sight = whatMayBeSeen(request.principal);
  const window: EventFilter = { fromMs, toMs, withoutOwn: sight.withoutOwn };
  const centres = entitiesOfAlert(alert.entities, matched).slice(0, graphLimits.centres);
  const near = (await needs.alertsBetween(fromMs, toMs, nearest.alerts)).filter(({ id }) => id !== alert.id);
  const seen = sight.events ? await neighbourhood(needs, window, { centres, near }) : nothingSeen;

  const reached = new Set([...centres, ...seen.links.flatMap(({ from, to }) => [from, to])].map(nodeId));
  const sharing = near.filter(({ entities }) => entitiesOfAlert(entities).some((one) => reached.has(nodeId(one))));
  const known = [...centres, ...seen.links.flatMap(({ from, to }) => [from, to])];
  const links = [
    ...seen.links,
    ...alertLinks([alert, ...sharing]),
    ...(sight.devices ? fleetLinks(needs.device, known) : []),
  ];
  const graph = drawGraph({ centres, links, folds: seen.folds });
  const drawn = new Set(graph.nodes.map(({ id }) => id));
  const isDrawn = ({ entities }: NearAlert): boolean =>
    entitiesOfAlert(entities).some((entity) => drawn.has(nodeId(entity)));
  const alerts = sharing.filter(isDrawn).slice(0, nearest.shownAlerts);
  const told = sight.events
    ? await momentsOf(needs, window, { centres, atMs: alert.lastSeenMs })
    : { events: [], erased: 0, histogram: { intervalMs: hourMs, buckets: [] } };
  const moments: Moment[] = [
    ...[alert, ...alerts].map((one) => ({
      kind: 'alert' as const,
      atMs: one.lastSeenMs,
      nodes: entitiesOfAlert(one.entities)
        .map(nodeId)
        .filter((id) => drawn.has(id)),
      alert: one,
    })),
    ...told.events.map((event) => momentOf(event, drawn)),
  ];
  const rebuilding = await needs.events.rebuilding();
  return {
    alert,
    fromMs,
    toMs,
    graph,
    labels: seen.labels,
    alerts,
    timeline: moments.toSorted((one, other) => one.atMs - other.atMs || comparePositions(placeOf(one), placeOf(other))),
    histogram: told.histogram,
    erased: told.erased,
    rebuilding,
    hints: [
      ...sight.hints,
      ...(centres.length === 0 ? ['The alert says nothing of whom or what it is about'] : []),
      ...(fromMs > alert.firstSeenMs ? ['The alert goes back further than 14 days: only they are looked at'] : []),
      ...(graph.leftOut.nodes + graph.leftOut.edges > 0
        ? [`Not drawn: ${graph.leftOut.nodes} further entities and ${graph.leftOut.edges} relations`]
        : []),
      ...(near.length >= nearest.alerts - 1
        ? [`Of alerts, the ${nearest.alerts} of highest priority were looked at`]
        : []),
    ],
    elapsedMs: Math.round(needs.clock.monotonicMs() - startedMs),
  };
}

/** Whoever stands in one alert: everybody with the first of them. Counted are alerts. */
function alertLinks(alerts: readonly NearAlert[]): Link[] {
  const links = new Map<string, Link>();
  for (const alert of alerts) {
    const [first, ...rest] = entitiesOfAlert(alert.entities);
    if (first === undefined) continue;
    for (const other of rest) {
      const name = JSON.stringify([nodeId(first), nodeId(other)]);
      const known = links.get(name);
      links.set(name, {
        from: known?.from ?? first,
        to: known?.to ?? other,
        relation: 'in_one_alert_with',
        count: (known?.count ?? 0) + 1,
        failed: 0,
        firstMs: Math.min(known?.firstMs ?? alert.firstSeenMs, alert.firstSeenMs),
        lastMs: Math.max(known?.lastMs ?? alert.lastSeenMs, alert.lastSeenMs),
        examples: [...(known?.examples ?? []), alert.input].slice(0, graphLimits.examples),
      });
    }
  }
  return [...links.values()];
}

async function momentsOf(
  { events }: Pick<AroundNeeds, 'events'>,
  window: EventFilter,
  { centres, atMs }: { readonly centres: readonly Entity[]; readonly atMs: number },
) {
  // Whole sites only where nothing says more.
  const narrow = centres.filter(({ kind }) => kind !== 'site' && kind !== 'service' && kind !== 'process');
  const parts: Condition[] = (narrow.length === 0 ? centres : narrow)
    .flatMap(valuesOf)
    .map(({ field, value }) => ({ kind: 'filter', filter: { field, op: 'eq', value } }));
  if (parts.length === 0) return { events: [], erased: 0, histogram: { intervalMs: hourMs, buckets: [] } };
  const filter: EventFilter = { ...window, where: withoutFindings, query: { kind: 'any', parts } };
  const middleMs = atMs + 1000;
  const [before, after, histogram] = await Promise.all([
    events.search({ ...filter, toMs: middleMs, sort: 'newest', limit: nearest.before }),
    events.search({ ...filter, fromMs: middleMs, sort: 'oldest', limit: nearest.after }),
    events.histogram(filter),
  ]);
  return {
    events: [...before.events, ...after.events],
    erased: (before.erased ?? 0) + (after.erased ?? 0),
    histogram: { intervalMs: histogram.intervalMs, buckets: histogram.buckets },
  };
}

function momentOf({ position, receivedAtMs, event = {} }: FoundEvent, drawn: ReadonlySet<string>): Moment {
  const classUid = Number(event['class_uid'] ?? 0);
  const isOfCamera = promotedValue(event, 'camera') !== null;
  const nodes = entityFields.flatMap((field) => {
    const value = field === 'host' && isOfCamera ? null : promotedValue(event, field);
    const id = typeof value === 'string' ? nodeId(entityAt(field, value)) : '';
    return drawn.has(id) ? [id] : [];
  });
  return {
    kind: 'event',
    atMs: receivedAtMs,
    nodes: [...new Set(nodes)],
    position,
    classUid,
    word: eventKind(classUid),
    text: eventLine(event).text || `event ${formatPosition(position)}`,
    hasFailed: event['status_id'] === 2,
  };
}

function placeOf(moment: Moment): Position {
  return moment.kind === 'alert' ? moment.alert.finding : moment.position;
}
