import { safeFileName } from '@sallyport/platform/csv';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { mapAnswer, techniqueView } from './answers.ts';
import { coverageCsv } from './coverage-csv.ts';
import { verdicts } from './coverage.ts';
import { navigatorLayer } from './navigator-layer.ts';
import type { ThreatCoverage } from './threat-coverage.ts';

const Count = Type.Integer({ minimum: 0 });
const Counts = Type.Object(
  { watched: Count, weak: Count, blind: Count, none: Count },
  {
    description: 'watched: a rule has data; weak: only weak rules have; blind: rules, but none has data; none: no rule',
  },
);
const time = { format: 'date-time' } as const;
const Technique = Type.Object({
  id: Type.String(),
  name: Type.String(),
  parent: Type.Optional(Type.String()),
  tactics: Type.Array(Type.String(), { description: 'Short names' }),
  verdict: Type.Enum(verdicts),
  rules: Type.Integer({ description: 'Rules in force, those of sub-techniques included' }),
  rules_with_data: Count,
  findings_30d: Count,
});
const source = {
  words: Type.String({ description: 'As people read it' }),
  product: Type.Optional(Type.String()),
  category: Type.Optional(Type.String()),
  service: Type.Optional(Type.String()),
  recipe: Type.Optional(Type.String({ description: 'Recipe of `/v1/sources/recipes` that brings it' })),
};
const Map = Type.Object({
  framework: Type.String(),
  name: Type.String(),
  version: Type.String(),
  origin: Type.String({ description: 'Where the table of techniques is from, and how complete it is' }),
  licence: Type.String(),
  window_days: Type.Integer(),
  made: Type.String(time),
  rules: Type.Integer({ description: 'Rules in force that make findings' }),
  counts: Counts,
  sub_counts: Counts,
  sources_seen: Count,
  sources_forgotten: Type.Integer({ description: 'Log sources no rule asks for that were forgotten for want of room' }),
  tactics: Type.Array(
    Type.Object({
      id: Type.String(),
      short_name: Type.String(),
      name: Type.String(),
      counts: Counts,
      rules: Count,
      rules_without_technique: Type.Integer({ description: 'Name the tactic and no technique: nowhere in the map' }),
    }),
  ),
  techniques: Type.Array(Technique),
  unplaced: Type.Array(
    Type.Object({
      tag: Type.String(),
      reason: Type.Enum(['unknown', 'withdrawn']),
      rule_ids: Type.Array(Type.String()),
    }),
    { description: 'Tags of rules that have no place in the table' },
  ),
  next_sources: Type.Array(Type.Object({ ...source, techniques: Type.Array(Type.String()), rules: Count }), {
    description: 'What to connect next, each counted with those before it',
  }),
});
const View = Type.Object({
  framework: Type.String(),
  version: Type.String(),
  window_days: Type.Integer(),
  ...Technique.properties,
  asked: Type.Optional(Type.String({ description: 'The id asked for, where it was withdrawn' })),
  sub_techniques: Type.Array(Technique),
  rule_list: Type.Array(
    Type.Object({
      id: Type.String(),
      title: Type.String(),
      level: Type.String(),
      status: Type.Optional(Type.String()),
      is_weak: Type.Boolean(),
      has_data: Type.Boolean(),
      tagged: Type.Array(Type.String(), { description: 'Ids it is tagged with: sub-techniques, withdrawn ones' }),
      is_correlation: Type.Boolean(),
      source: Type.Optional(Type.String()),
      missing: Type.Array(Type.String()),
      last_event: Type.Optional(Type.String(time)),
      findings_24h: Count,
      findings_30d: Count,
    }),
  ),
  sources: Type.Array(
    Type.Object({
      ...source,
      rules: Count,
      has_data: Type.Boolean(),
      last_event: Type.Optional(Type.String(time)),
      events_30d: Count,
    }),
  ),
});

const windowDays = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 30, description: 'Data counts that arrived in so many days; default 7' }),
);
const framework = Type.Optional(Type.Enum(['attack', 'atlas'], { description: 'Default `attack`' }));
const defaultWindowDays = 7;
const tags = ['coverage'];

/** `/v1/coverage`: which techniques the rules in force can see, with the data that arrives. */
export function createCoverageRoutes(coverage: ThreatCoverage): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/coverage',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'Techniques by what watches them: rules in force, and data that actually arrives',
          tags,
          querystring: Type.Object({ framework, windowDays }, { additionalProperties: false }),
          response: { 200: Map },
        },
      },
      async (request, reply) => {
        const { framework: id = 'attack', windowDays: days = defaultWindowDays } = request.query;
        return reply.send(mapAnswer(await coverage.map(id, days)));
      },
    );
    app.get(
      '/v1/coverage/techniques/:id',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'One technique: its rules, the log sources they look at, and when those last sent something',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 32 }) }),
          querystring: Type.Object({ windowDays }, { additionalProperties: false }),
          response: { 200: View },
        },
      },
      async (request, reply) => {
        const { windowDays: days = defaultWindowDays } = request.query;
        return reply.send(techniqueView(await coverage.technique(request.params.id, days)));
      },
    );
    app.get(
      '/v1/coverage/export',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'The map as a layer for the ATT&CK Navigator (format 4.5), or as CSV',
          tags,
          produces: ['application/json', 'text/csv'],
          querystring: Type.Object(
            { framework, windowDays, format: Type.Enum(['navigator', 'csv']) },
            { additionalProperties: false },
          ),
          response: {
            200: {
              description: 'A file',
              content: {
                'application/json': { schema: Type.Unsafe<string>({ type: 'string' }) },
                'text/csv': { schema: Type.Unsafe<string>({ type: 'string' }) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { framework: id = 'attack', windowDays: days = defaultWindowDays, format } = request.query;
        const map = await coverage.map(id, days);
        const isCsv = format === 'csv';
        const name = safeFileName(
          ['coverage', id, new Date(map.nowMs).toISOString().slice(0, 10)],
          isCsv ? 'csv' : 'json',
        );
        void reply.header('content-disposition', `attachment; filename="${name}"`);
        void reply.type(isCsv ? 'text/csv; charset=utf-8' : 'application/json');
        return reply
          .serializer((text: string) => text)
          .send(
            isCsv ? coverageCsv(map.coverage) : `${JSON.stringify(navigatorLayer(map.coverage, map), undefined, 1)}\n`,
          );
      },
    );
  };
}
