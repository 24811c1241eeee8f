import { formatPosition, isJsonObject, parsePosition } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { EventSearchError, RebuildingAnswer, shownRebuilding } from '@sallyport/event-search';
import type { EventSearch, Filter, FoundEvent } from '@sallyport/event-search';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';

const Party = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String(),
});
const Entry = Type.Object({
  position: Type.String({ description: 'LOG/INDEX in the ledger' }),
  received: Type.String({ format: 'date-time' }),
  actor: Party,
  action: Type.String({ description: 'Dotted and stable: `alert.update`' }),
  target: Party,
  outcome: Type.Enum(['success', 'failure']),
  details: Type.Record(Type.String(), Type.Unknown()),
});

const maxPattern = 200;

/** `GET /v1/audit`: who did or was refused what, from the ledger's audit events. */
export function createAuditRoutes(search: Pick<EventSearch, 'search'>): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/audit',
      {
        config: { scope: 'audit:read' },
        schema: {
          summary: 'The audit trail, newest first',
          tags: ['audit'],
          querystring: Type.Object(
            {
              actor: Type.Optional(
                Type.String({
                  maxLength: maxPattern,
                  description: 'Name of who did it; `*` for any text',
                }),
              ),
              action: Type.Optional(Type.String({ maxLength: maxPattern, description: 'For example `session.*`' })),
              reads: Type.Optional(
                Type.Enum(['show', 'hide'], {
                  description:
                    'Whether records of reads that were let through (request.allowed) are among them; default show',
                }),
              ),
              since: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })),
              until: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })),
              after: Type.Optional(Type.String({ maxLength: 40, description: '`next` of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              entries: Type.Array(Entry),
              next: Type.Optional(Type.String({ description: '`after` of the next page; absent on the last' })),
              rebuilding: RebuildingAnswer,
            }),
          },
        },
      },
      async ({ query }) => {
        const { actor, action, reads, since, until, after, limit = 100 } = query;
        const { events, next, ...cost } = await search.search({
          where: auditFilters(actor, action),
          limit,
          ...(reads === 'hide' ? { withoutOwn: 'reads' } : {}),
          ...(since === undefined ? {} : { fromMs: Date.parse(since) }),
          ...(until === undefined ? {} : { toMs: Date.parse(until) }),
          ...(after === undefined ? {} : { after: position(after) }),
        });
        return {
          entries: events.flatMap((found) => entryOf(found) ?? []),
          ...(next === undefined ? {} : { next: formatPosition(next) }),
          ...shownRebuilding(cost),
        };
      },
    );
  };
}

/** Events from outside have `raw_data`: one that says it is of our audit log is not. */
function auditFilters(actor: string | undefined, action: string | undefined): Filter[] {
  return [
    { field: 'log_name', op: 'eq', value: 'audit' },
    { field: 'raw_data', op: 'exists', negated: true },
    ...(actor === undefined || actor === '' ? [] : [pattern('user', actor)]),
    ...(action === undefined || action === '' ? [] : [pattern('event_code', action)]),
  ];
}

function pattern(field: string, value: string): Filter {
  return { field, op: /[*?]/.test(value) ? 'wildcard' : 'eq', value };
}

/** The event as an entry; undefined when its content is gone, or it is none of ours after all. */
export function entryOf({ position: at, receivedAtMs, event }: FoundEvent) {
  if (event === undefined || event['raw_data'] !== undefined) return undefined;
  const metadata = objectAt(event, 'metadata');
  if (metadata['log_name'] !== 'audit') return undefined;
  const own = objectAt(objectAt(event, 'unmapped'), 'sallyport');
  const user = objectAt(objectAt(event, 'actor'), 'user');
  const target = objectAt(own, 'target');
  return {
    position: formatPosition(at),
    received: new Date(receivedAtMs).toISOString(),
    actor: { kind: textOf(user['type']), id: textOf(user['uid']), name: textOf(user['name']) },
    action: textOf(metadata['event_code']),
    target: { kind: textOf(target['type']), id: textOf(target['id']), name: textOf(target['name']) },
    outcome: event['status_id'] === 1 ? ('success' as const) : ('failure' as const),
    details: { ...objectAt(own, 'details') },
  };
}

function position(text: string) {
  const parsed = parsePosition(text);
  if (parsed === undefined)
    throw new EventSearchError('query_invalid', `Cannot page from "${text}": must be a position such as 1/42`);
  return parsed;
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  return isJsonObject(value) ? value : {};
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
