import type { Readable } from 'node:stream';
import { formatPosition } from '@sallyport/contracts';
import { typedApp, type Reach, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { alertJson, alertStates, dispositions } from './alert.ts';
import { addAlertExportRoute } from './alert-export.ts';
import { alertFilter, alertFilterParameters, formatPlace, place, placeOf } from './alert-filter.ts';
import { shownTo } from './alerts-at-sites.ts';
import { AlertBody, AlertDetails } from './alert-schema.ts';
import type { Alerts } from './alerts.ts';
import { AlertError } from './errors.ts';

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
        config: { scope: 'alerts:read', narrowed: true },
        schema: {
          summary: 'List alerts, those with the newest finding first',
          tags: ['alerts'],
          querystring: Type.Object(
            {
              ...alertFilterParameters,
              after: Type.Optional(Type.String({ pattern: place, description: '`next` of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              alerts: Type.Array(AlertBody),
              next: Type.Optional(Type.String()),
              newest_announcement: Type.Integer({ description: 'Of all alerts, as it was before these were read' }),
            }),
          },
        },
      },
      async (request, reply) => {
        const { after, limit = 50, ...query } = request.query;
        const newest = await alerts.newestNumber();
        const found = await alerts.list({
          limit,
          ...alertFilter(query),
          isShown: shownTo(request.reach),
          ...(after === undefined ? {} : { before: placeOf(after) }),
        });
        const last = found.length === limit ? found.at(-1) : undefined;
        return reply.send({
          alerts: found.map(alertJson),
          newest_announcement: newest,
          ...(last === undefined ? {} : { next: formatPlace(last) }),
        });
      },
    );

    addAlertExportRoute(fastify, alerts);

    app.get(
      '/v1/alerts/stream',
      {
        config: { scope: 'alerts:read', narrowed: true },
        schema: {
          summary:
            'Follow alerts as server-sent events; `Last-Event-ID` is the announcement of the last alert received, 0 for all',
          tags: ['alerts'],
          produces: ['text/event-stream'],
          querystring: Type.Object({
            stream: Type.Optional(
              Type.String({
                pattern: '^[A-Za-z0-9_-]{22,64}$',
                description: 'A name nobody can guess, to prove it by: see POST /v1/session/streams',
              }),
            ),
          }),
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
        const stream = await alerts.openStream(
          last === undefined ? undefined : Number(last),
          `${kind}/${id}`,
          shownTo(request.reach),
        );
        return reply
          .header('content-type', 'text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          .send(stream);
      },
    );

    app.get(
      '/v1/alerts/assignees',
      {
        config: { scope: 'alerts:write', narrowed: true },
        schema: {
          summary: 'Whom alerts can be given to: id and name of everybody with an account who may handle them, no more',
          tags: ['alerts'],
          response: {
            200: Type.Object({ assignees: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })) }),
          },
        },
      },
      async () => ({ assignees: (await alerts.assignees()).map(({ id, name }) => ({ id, name })) }),
    );

    app.get(
      '/v1/alerts/:id',
      {
        config: { scope: 'alerts:read', narrowed: true },
        schema: {
          summary: 'One alert with its finding',
          tags: ['alerts'],
          params: Id,
          response: { 200: AlertDetails },
        },
      },
      async (request, reply) => {
        await requireShown(request.params.id, request.reach);
        const { alert, stored, comments, findings } = await alerts.get(request.params.id);
        const finding = stored?.finding;
        return reply.send({
          ...alertJson(alert),
          findings: findings.map(({ position, input, seenAtMs }) => ({
            position: formatPosition(position),
            input: formatPosition(input),
            at: new Date(seenAtMs).toISOString(),
          })),
          response: finding?.response ?? null,
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
        config: { scope: 'alerts:write', narrowed: true },
        schema: {
          summary:
            'Change the state of an alert, say what it was, give it to somebody, comment on it; comments are kept in the audit event',
          tags: ['alerts'],
          params: Id,
          body: Type.Object(
            {
              state: Type.Optional(Type.Enum(alertStates)),
              disposition: Type.Optional(
                Type.Enum(dispositions, {
                  description: 'What it turned out to be: with `closed`, or of a closed alert',
                }),
              ),
              assignee: Type.Optional(
                Type.Union([Type.String(assigneeBounds), Type.Null()], {
                  description: 'Id as in `/v1/alerts/assignees`; null: nobody',
                }),
              ),
              comment: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
              revision: Type.Optional(
                Type.Integer({ minimum: 0, description: 'The one its author saw; 409 when somebody was faster' }),
              ),
            },
            { additionalProperties: false, minProperties: 1 },
          ),
          response: { 200: AlertBody },
        },
      },
      async (request, reply) => {
        const { state, disposition, assignee, comment, revision } = request.body;
        await requireShown(request.params.id, request.reach);
        const changed = await alerts.change({
          id: request.params.id,
          actor: request.principal,
          ...(state === undefined ? {} : { state }),
          ...(disposition === undefined ? {} : { disposition }),
          ...(assignee === undefined ? {} : { assignee }),
          ...(comment === undefined ? {} : { comment }),
          ...(revision === undefined ? {} : { revision }),
        });
        return reply.send(alertJson(changed));
      },
    );

    /** As for one that does not exist, when it is at a site of others. Throws `alert_unknown`. */
    async function requireShown(id: string, reach: Reach): Promise<void> {
      const isShown = shownTo(reach);
      if (isShown === undefined) return;
      const alert = await alerts.find(id);
      if (alert === undefined || !isShown(alert)) throw new AlertError('alert_unknown', `Cannot find alert "${id}"`);
    }
  };
}
