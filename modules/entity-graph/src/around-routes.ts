import { findingLevels, formatPosition } from '@sallyport/contracts';
import { RebuildingAnswer, shownRebuilding } from '@sallyport/event-search';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { lookAround } from './around.ts';
import type { Moment } from './around.ts';
import type { Criticality } from './criticality.ts';
import { criticalityLevels } from './criticality-store.ts';
import { nodeKinds, valuesOf } from './entity.ts';
import type { Entity } from './entity.ts';
import type { GraphEdge } from './graph.ts';
import type { AroundNeeds, NearAlert } from './needs.ts';
import { relations, relationWords } from './relation.ts';

const Time = Type.String({ format: 'date-time' });
const NodeRisk = Type.Object({
  value: Type.Integer({ description: '0 to 100' }),
  reasons: Type.Array(Type.String()),
  entity: Type.String({ description: 'Id for `/v1/behaviour/entities/{id}`' }),
});
const Node = Type.Object({
  id: Type.String(),
  kind: Type.Enum(nodeKinds),
  name: Type.String({ description: 'As events name it' }),
  label: Type.Optional(Type.String({ description: 'What people call it, where that is something else' })),
  hop: Type.Integer({ description: 'Steps from the alert: 0, 1 or 2' }),
  risk: Type.Union([NodeRisk, Type.Null()], { description: 'null where nothing is known' }),
  criticality: Type.Object({ level: Type.Enum(criticalityLevels), reason: Type.String() }),
  events: Type.Integer({ description: 'Of the relation seen most often' }),
  alerts: Type.Integer({ description: 'Alerts in this picture that are about it' }),
  query: Type.Optional(Type.String({ description: 'Finds its events, as `q` of `/v1/events`' })),
});
const Edge = Type.Object({
  from: Type.String(),
  to: Type.String(),
  relation: Type.Enum(relations),
  words: Type.String({ description: 'As between the two names' }),
  count: Type.Integer({
    description: 'Events; of `in_one_alert_with` alerts; 0 of what is so without having happened',
  }),
  failed: Type.Integer({ description: 'Of these, what failed' }),
  first_seen: Type.Optional(Time),
  last_seen: Type.Optional(Time),
  examples: Type.Array(Type.String(), { description: 'LOG/INDEX of events, at most four' }),
});
const Alert = Type.Object({
  id: Type.String(),
  title: Type.String(),
  level: Type.Enum(findingLevels),
  priority: Type.Integer(),
  state: Type.String(),
  count: Type.Integer(),
  first_seen_at: Time,
  last_seen_at: Time,
});
const MomentBody = Type.Object({
  at: Time,
  kind: Type.Enum(['alert', 'event']),
  nodes: Type.Array(Type.String(), { description: 'Which nodes it is about' }),
  alert: Type.Optional(Type.String({ description: 'Id of the alert' })),
  position: Type.Optional(Type.String({ description: 'LOG/INDEX of the event' })),
  class_uid: Type.Optional(Type.Integer()),
  word: Type.String({ description: 'Kind of event, or level of the alert' }),
  text: Type.String(),
  failed: Type.Optional(Type.Boolean()),
});

/** `GET /v1/alerts/:id/around`: what is near an alert in time and relation. */
export function createAroundRoutes(needs: AroundNeeds & { readonly criticality: Criticality }): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/alerts/:id/around',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'Who and what is near an alert in time and relation: a graph of at most 150 nodes, and a timeline',
          tags: ['alerts'],
          params: Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,8}-[0-9]{1,15}$' }) }),
          querystring: Type.Object(
            {
              hours: Type.Integer({
                minimum: 1,
                maximum: 168,
                default: 6,
                description: 'How long before its first and after its last finding, by ledger time',
              }),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              alert: Alert,
              from: Time,
              to: Time,
              nodes: Type.Array(Node),
              edges: Type.Array(Edge),
              folds: Type.Array(Type.Object({ at: Type.String(), kind: Type.Enum(nodeKinds), count: Type.Integer() }), {
                description: 'Of somebody with too many neighbours: how many of a kind, at least, are not drawn',
              }),
              alerts: Type.Array(Alert, {
                description: 'Others in that time that share an entity; highest priority first',
              }),
              timeline: Type.Array(MomentBody, { description: 'Oldest first' }),
              histogram: Type.Object({
                interval_ms: Type.Integer(),
                buckets: Type.Array(Type.Object({ time: Time, count: Type.Integer() })),
              }),
              hints: Type.Array(Type.String()),
              elapsed_ms: Type.Integer(),
              erased: Type.Optional(Type.Integer({ description: 'Events of that time whose content was erased' })),
              rebuilding: RebuildingAnswer,
            }),
          },
        },
      },
      async ({ params, query, principal }) => {
        const around = await lookAround(needs, { id: params.id, hours: query.hours, principal });
        const { graph, alert, alerts } = around;
        return {
          alert: shownAlert(alert),
          from: instant(around.fromMs),
          to: instant(around.toMs),
          nodes: graph.nodes.map(({ id, entity, hop }) => ({
            id,
            kind: entity.kind,
            name: entity.name,
            ...labelled(around.labels.get(id)),
            hop,
            risk: riskOf(needs, entity),
            criticality: criticalityOf(needs.criticality, entity),
            events: Math.max(
              0,
              ...graph.edges.flatMap(({ from, to, relation, count }) =>
                (from === id || to === id) && relation !== 'in_one_alert_with' ? [count] : [],
              ),
            ),
            alerts: around.timeline.filter((moment) => moment.kind === 'alert' && moment.nodes.includes(id)).length,
            ...queryOf(entity),
          })),
          edges: graph.edges.map(shownEdge),
          folds: graph.folds.map(({ at, of, count }) => ({ at, kind: of, count })),
          alerts: alerts.map(shownAlert),
          timeline: around.timeline.map(shownMoment),
          histogram: {
            interval_ms: around.histogram.intervalMs,
            buckets: around.histogram.buckets.map(({ fromMs, count }) => ({ time: instant(fromMs), count })),
          },
          hints: [...around.hints],
          elapsed_ms: around.elapsedMs,
          ...(around.erased === 0 ? {} : { erased: around.erased }),
          ...shownRebuilding(around.rebuilding === undefined ? {} : { rebuilding: around.rebuilding }),
        };
      },
    );
  };
}

function labelled(label: string | undefined): { label?: string } {
  return label === undefined ? {} : { label };
}

function riskOf({ risk }: Pick<AroundNeeds, 'risk'>, { kind, name }: Entity) {
  const known = risk(kind, name);
  return known === undefined
    ? null
    : { value: known.value, reasons: known.reasons.slice(0, 3), entity: known.entityId };
}

function criticalityOf(criticality: Criticality, { kind, name }: Entity) {
  const { level, reason } = criticality.of(kind, name);
  return { level, reason };
}

/** In the query language of search. */
function queryOf(entity: Entity): { query?: string } {
  const quoted = `"${entity.name.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  const terms = valuesOf(entity).map(({ field }) => `${field}:${quoted}`);
  if (entity.kind === 'process') terms.push(`process:${quoted}`);
  return terms.length === 0 ? {} : { query: terms.join(' OR ') };
}

function shownEdge({ relation, firstMs, lastMs, examples, ...edge }: GraphEdge) {
  return {
    ...edge,
    relation,
    words: relationWords[relation],
    ...(firstMs === undefined ? {} : { first_seen: instant(firstMs) }),
    ...(lastMs === undefined ? {} : { last_seen: instant(lastMs) }),
    examples: examples.map(formatPosition),
  };
}

function shownAlert({ id, title, level, priority, state, count, firstSeenMs, lastSeenMs }: NearAlert) {
  return {
    id,
    title,
    level,
    priority,
    state,
    count,
    first_seen_at: instant(firstSeenMs),
    last_seen_at: instant(lastSeenMs),
  };
}

function shownMoment(moment: Moment) {
  const common = { at: instant(moment.atMs), kind: moment.kind, nodes: [...moment.nodes] };
  if (moment.kind === 'alert')
    return { ...common, alert: moment.alert.id, word: moment.alert.level, text: moment.alert.title };
  const { position, classUid, word, text, hasFailed } = moment;
  return { ...common, position: formatPosition(position), class_uid: classUid, word, text, failed: hasFailed };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
