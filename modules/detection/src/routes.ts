import { findingLevels } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Detection } from './detection-types.ts';
import type { CorrelationDefinition } from '@sallyport/sigma-rules';
import type { RuleSet, RuleSummary } from './match-protocol.ts';

const Rule = Type.Object({
  id: Type.String(),
  title: Type.String(),
  description: Type.Optional(Type.String()),
  level: Type.Enum(findingLevels),
  tags: Type.Array(Type.String()),
  file: Type.String({ description: 'Rule directory and path in it' }),
  generates: Type.Boolean({ description: 'False: its matches make no finding, they only count for correlations' }),
  correlation: Type.Optional(
    Type.Object(
      {
        type: Type.String(),
        rule_ids: Type.Array(Type.String()),
        group_by: Type.Array(Type.String()),
        timespan_ms: Type.Integer(),
        condition: Type.String({ description: 'As in "gte 3" or "first and not second"' }),
        evaluation: Type.Enum(['sliding', 'closing'], {
          description: 'With each match, over the timespan that ends with one; or once, when the window is over',
        }),
      },
      { description: 'When it matches, where the rule is a correlation' },
    ),
  ),
});

const Rules = Type.Object({
  hash: Type.String({ description: 'SHA-256 over names and texts of all rule files' }),
  rules: Type.Array(Rule),
  refusals: Type.Array(
    Type.Object({ file: Type.String(), line: Type.Optional(Type.Integer()), reason: Type.String() }),
    { description: 'What is not in force, and why' },
  ),
});

/** `/v1/rules`: what is in force, and putting new files into force. */
export function createDetectionRoutes(detection: Detection): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/rules',
      {
        config: { scope: 'alerts:read' },
        schema: { summary: 'List the rules in force and the refused ones', tags: ['rules'], response: { 200: Rules } },
      },
      async () => shownSet(detection.ruleSet()),
    );

    app.get(
      '/v1/rules/:id',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'One rule in force',
          tags: ['rules'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 256 }) }),
          response: { 200: Rule },
        },
      },
      async (request, reply) => reply.send(shownRule(detection.rule(request.params.id))),
    );

    app.post(
      '/v1/rules/reload',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary:
            'Put what the rule directories hold now into force; the old rules match until the new ones are loaded',
          tags: ['rules'],
          response: { 200: Rules },
        },
      },
      async (request, reply) => reply.send(shownSet(await detection.reload(request.principal))),
    );
  };
}

function shownSet(set: RuleSet) {
  return { hash: set.hash, rules: set.rules.map(shownRule), refusals: [...set.refusals] };
}

function shownRule({ id, title, description, level, tags, file, generates, correlation }: RuleSummary) {
  return {
    id,
    title,
    ...(description === undefined ? {} : { description }),
    level,
    tags: [...tags],
    file,
    generates,
    ...(correlation === undefined ? {} : { correlation: shownCorrelation(correlation) }),
  };
}

function shownCorrelation(definition: CorrelationDefinition) {
  const { type, ruleIds, groupBy, timespanMs, condition, percentile, evaluation } = definition;
  const bounds =
    condition.kind === 'rules'
      ? condition.text
      : condition.bounds.map(({ operator, number }) => `${operator} ${number}`).join(' and ');
  return {
    type,
    rule_ids: [...ruleIds],
    group_by: [...groupBy],
    timespan_ms: timespanMs,
    condition: percentile === undefined ? bounds : `percentile ${percentile} ${bounds}`,
    evaluation,
  };
}
