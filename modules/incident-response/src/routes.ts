import { findingLevels } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { alertJson, alertStates } from './alert.ts';
import type { Alerts } from './alerts.ts';

const State = Type.Enum(alertStates);
const Level = Type.Enum(findingLevels);

const alertProperties = {
  id: Type.String(),
  number: Type.Integer({ description: 'Grows with every alert' }),
  state: State,
  title: Type.String(),
  level: Level,
  severity_id: Type.Integer({ description: 'OCSF: 1 informational to 5 critical' }),
  rule_id: Type.String(),
  created_at: Type.String({ format: 'date-time', description: 'Ledger time of the event the rule matched' }),
  state_changed_at: Type.String({ format: 'date-time' }),
  finding: Type.String({ description: 'LOG/INDEX' }),
  input: Type.String({ description: 'LOG/INDEX of the event the rule matched' }),
};
const AlertBody = Type.Object(alertProperties);
const AlertDetails = Type.Object({
  ...alertProperties,
  host: Type.Optional(Type.String()),
  user: Type.Optional(Type.String()),
  matched: Type.Array(Type.Object({ field: Type.String(), value: Type.String() })),
  body: Type.Unknown({
    description: 'The finding as it stands in the ledger (OCSF 2004); null when its key was destroyed',
  }),
});

const Id = Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,8}-[0-9]{1,15}$' }) });
const number = '^(0|[1-9][0-9]{0,14})$';

/** `/v1/alerts`: list, read, change, follow. */
export function createAlertRoutes(alerts: Alerts): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/alerts',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'List alerts, newest first',
          tags: ['alerts'],
          querystring: Type.Object(
            {
              state: Type.Optional(State),
              level: Type.Optional(Type.Enum(findingLevels, { description: 'This level or above' })),
              rule: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
              since: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })),
              after: Type.Optional(Type.String({ pattern: number, description: '`next` of the page before' })),
              limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ alerts: Type.Array(AlertBody), next: Type.Optional(Type.String()) }) },
        },
      },
      async (request, reply) => {
        const { state, level, rule, since, after, limit } = request.query;
        const found = await alerts.list({
          limit,
          ...(state === undefined ? {} : { state }),
          ...(level === undefined ? {} : { atLeast: level }),
          ...(rule === undefined ? {} : { ruleId: rule }),
          ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
          ...(after === undefined ? {} : { before: Number(after) }),
        });
        const last = found.length === limit ? found.at(-1) : undefined;
        return reply.send({
          alerts: found.map(alertJson),
          ...(last === undefined ? {} : { next: String(last.number) }),
        });
      },
    );

    app.get(
      '/v1/alerts/stream',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary:
            'Follow alerts as server-sent events; `Last-Event-ID` is the number of the last alert received, 0 for all',
          tags: ['alerts'],
          produces: ['text/event-stream'],
          headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ pattern: number })) }),
        },
      },
      async (request, reply) => {
        const last = request.headers['last-event-id'];
        const stream = await alerts.openStream(last === undefined ? undefined : Number(last));
        return reply
          .header('content-type', 'text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          .send(stream);
      },
    );

    app.get(
      '/v1/alerts/:id',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'One alert with its finding',
          tags: ['alerts'],
          params: Id,
          response: { 200: AlertDetails },
        },
      },
      async (request, reply) => {
        const { alert, stored } = await alerts.get(request.params.id);
        const finding = stored?.finding;
        return reply.send({
          ...alertJson(alert),
          ...(finding?.host === undefined ? {} : { host: finding.host }),
          ...(finding?.user === undefined ? {} : { user: finding.user }),
          matched: [...(finding?.matched ?? [])],
          body: stored?.body ?? null,
        });
      },
    );

    app.patch(
      '/v1/alerts/:id',
      {
        config: { scope: 'alerts:write' },
        schema: {
          summary: 'Change the state of an alert; the comment is kept in the audit event',
          tags: ['alerts'],
          params: Id,
          body: Type.Object(
            { state: State, comment: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })) },
            { additionalProperties: false },
          ),
          response: { 200: AlertBody },
        },
      },
      async (request, reply) => {
        const { state, comment } = request.body;
        const change = { id: request.params.id, state, actor: request.principal };
        const changed = await alerts.changeState(comment === undefined ? change : { ...change, comment });
        return reply.send(alertJson(changed));
      },
    );
  };
}
