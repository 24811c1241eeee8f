import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Behaviour } from './behaviour.ts';
import { entityKinds, topics } from './signals.ts';
import type { EntitySummary, EntityView } from './view.ts';

const Kind = Type.Enum(entityKinds);
const common = {
  id: Type.String(),
  kind: Kind,
  name: Type.String(),
  risk: Type.Integer({ description: '0 to 100' }),
  events: Type.Integer({ description: 'Events learnt from' }),
  first_seen: Type.Integer({ description: 'Milliseconds since 1970' }),
  last_seen: Type.Integer({ description: 'Milliseconds since 1970' }),
  is_learnt: Type.Boolean({ description: 'False: too little is known, and nothing is told yet' }),
};
const Entities = Type.Object({
  entities: Type.Array(
    Type.Object({ ...common, reasons: Type.Array(Type.String(), { description: 'The three that weigh most' }) }),
  ),
  total: Type.Integer(),
});
const Entity = Type.Object({
  ...common,
  reasons: Type.Array(
    Type.Object({
      reason: Type.String(),
      points: Type.Number({ description: 'What it adds now; half of it is gone after a week' }),
      finding: Type.String({ description: 'LOG/INDEX' }),
    }),
  ),
  models: Type.Array(
    Type.Object({
      topic: Type.Enum(topics),
      aspect: Type.String(),
      is_learnt: Type.Boolean(),
      values: Type.Optional(Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() }))),
      week: Type.Optional(
        Type.Array(Type.Number(), { description: 'Usual number in each hour of the week, Monday 00:00 UTC first' }),
      ),
    }),
  ),
});
const Fact = Type.Object({
  subject: Type.Object({ kind: Kind, name: Type.String() }),
  value: Type.Integer({ description: '0 to 100; 0 for somebody of whom nothing is known' }),
  as_of: Type.Integer({ description: 'Milliseconds since 1970' }),
  fresh_until: Type.Integer({ description: 'Milliseconds since 1970; after this it must be asked for again' }),
  reasons: Type.Array(Type.String()),
});
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

/** `/v1/behaviour` and `/v1/risk`: what is usual for whom, and who is at risk. */
export function createBehaviourRoutes(behaviour: Behaviour): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/behaviour/entities',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'People, hosts, devices, cameras, agents and keys by risk, highest first',
          tags: ['behaviour'],
          querystring: Type.Object({
            kind: Type.Optional(Kind),
            limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
            after: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 }),
          }),
          response: { 200: Entities },
        },
      },
      async (request) => {
        const { kind, limit, after } = request.query;
        const { entities, total } = behaviour.entities({ ...(kind === undefined ? {} : { kind }), limit, after });
        return { entities: entities.map((one) => ({ ...shown(one), reasons: [...one.reasons] })), total };
      },
    );

    app.get(
      '/v1/behaviour/entities/:id',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'One entity: its risk with reasons, and what is usual for it',
          tags: ['behaviour'],
          params: Id,
          response: { 200: Entity },
        },
      },
      async (request, reply) => reply.send(shownInFull(behaviour.entity(request.params.id))),
    );

    app.get(
      '/v1/behaviour/entity',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'The same, of an entity known by name',
          tags: ['behaviour'],
          querystring: Type.Object({ kind: Kind, name: Type.String({ minLength: 1, maxLength: 200 }) }),
          response: { 200: Entity },
        },
      },
      async (request, reply) => {
        const { kind, name } = request.query;
        return reply.send(shownInFull(behaviour.entity(behaviour.idOf(kind, name))));
      },
    );

    app.post(
      '/v1/behaviour/entities/:id/expected',
      {
        config: { scope: 'alerts:write' },
        schema: {
          summary: 'What this model finds odd about the entity is as it should be: it scores less from now on',
          tags: ['behaviour'],
          params: Id,
          body: Type.Object({ model: Type.Enum(topics) }, { additionalProperties: false }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await behaviour.expect(request.principal, request.params.id, request.body.model);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/v1/risk',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'The risk of one entity by name, as a fact to decide on',
          tags: ['behaviour'],
          querystring: Type.Object({ kind: Kind, name: Type.String({ minLength: 1, maxLength: 200 }) }),
          response: { 200: Fact },
        },
      },
      async (request) => {
        const fact = behaviour.risk(request.query.kind, request.query.name);
        return {
          subject: { ...fact.subject },
          value: fact.value,
          as_of: fact.asOfMs,
          fresh_until: fact.freshUntilMs,
          reasons: [...fact.reasons],
        };
      },
    );
  };
}

function shownInFull(entity: EntityView) {
  return {
    ...shown(entity),
    reasons: entity.reasons.map((reason) => ({ ...reason })),
    models: entity.models.map(({ topic, aspect, isLearnt, values, week }) => ({
      topic,
      aspect,
      is_learnt: isLearnt,
      ...(values === undefined ? {} : { values: values.map((value) => ({ ...value })) }),
      ...(week === undefined ? {} : { week: [...week] }),
    })),
  };
}

function shown({ id, kind, name, risk, events, firstSeenMs, lastSeenMs, isLearnt }: Omit<EntitySummary, 'reasons'>) {
  return { id, kind, name, risk, events, first_seen: firstSeenMs, last_seen: lastSeenMs, is_learnt: isLearnt };
}
