import type { Readable } from 'node:stream';
import { findingLevels, formatPosition } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { alertJson, alertStates } from './alert.ts';
import { AlertBody, AlertDetails } from './alert-schema.ts';
import type { Alerts } from './alerts.ts';

const Id = Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,8}-[0-9]{1,15}$' }) });
const assigneeBounds = { minLength: 1, maxLength: 100 };
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
              state: Type.Optional(
                Type.Enum(alertStates, { description: 'Suppressed alerts are listed only when asked for' }),
              ),
              assignee: Type.Optional(
                Type.String({ ...assigneeBounds, description: 'Id of who has it; `none`: those nobody has' }),
              ),
              level: Type.Optional(Type.Enum(findingLevels, { description: 'This level or above' })),
              rule: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
              since: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })),
              after: Type.Optional(Type.String({ pattern: number, description: '`next` of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ alerts: Type.Array(AlertBody), next: Type.Optional(Type.String()) }) },
        },
      },
      async (request, reply) => {
        const { state, level, rule, since, assignee, after, limit = 50 } = request.query;
        const found = await alerts.list({
          limit,
          ...(state === undefined ? {} : { state }),
          ...(level === undefined ? {} : { atLeast: level }),
          ...(rule === undefined ? {} : { ruleId: rule }),
          ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
          ...(assignee === undefined ? {} : { assignee: assignee === 'none' ? null : assignee }),
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
          response: {
            200: {
              description: 'Each `event: alert`, its data an alert with `host` when known',
              content: { 'text/event-stream': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
            },
          },
        },
      },
      async (request, reply) => {
        const last = request.headers['last-event-id'];
        const { kind, id } = request.principal;
        const stream = await alerts.openStream(last === undefined ? undefined : Number(last), `${kind}/${id}`);
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
        const { alert, stored, comments } = await alerts.get(request.params.id);
        const finding = stored?.finding;
        return reply.send({
          ...alertJson(alert),
          ...(finding?.host === undefined ? {} : { host: finding.host }),
          ...(finding?.user === undefined ? {} : { user: finding.user }),
          matched: [...(finding?.matched ?? [])],
          related: (finding?.related ?? []).map(formatPosition),
          comments: comments.map(({ position, atMs, actor, text }) => ({
            position: position === undefined ? null : formatPosition(position),
            at: new Date(atMs).toISOString(),
            actor,
            text,
          })),
          body: stored?.body ?? null,
        });
      },
    );

    app.patch(
      '/v1/alerts/:id',
      {
        config: { scope: 'alerts:write' },
        schema: {
          summary:
            'Change the state of an alert, give it to somebody, comment on it; comments are kept in the audit event',
          tags: ['alerts'],
          params: Id,
          body: Type.Object(
            {
              state: Type.Optional(Type.Enum(alertStates)),
              assignee: Type.Optional(
                Type.Union([Type.String(assigneeBounds), Type.Null()], {
                  description: 'Id of an account; null: nobody',
                }),
              ),
              comment: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
            },
            { additionalProperties: false, minProperties: 1 },
          ),
          response: { 200: AlertBody },
        },
      },
      async (request, reply) => {
        const { state, assignee, comment } = request.body;
        const changed = await alerts.change({
          id: request.params.id,
          actor: request.principal,
          ...(state === undefined ? {} : { state }),
          ...(assignee === undefined ? {} : { assignee }),
          ...(comment === undefined ? {} : { comment }),
        });
        return reply.send(alertJson(changed));
      },
    );
  };
}
