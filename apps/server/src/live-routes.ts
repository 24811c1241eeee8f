import type { Readable } from 'node:stream';
import { parsePosition } from '@sallyport/contracts';
import { typedApp, type Reach, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Live, LiveKind, LivePlace } from './live.ts';
import { ServerError } from './server-errors.ts';

const frames =
  'Server-sent events. `alert`: an alert with `host` when known. `events`: `{ count, from, to, sample: [{ position, received, class_uid, ' +
  'severity_id, host, user, product, text, synthetic }] }`, at most four a second. `state`: `{ state: "catching up" | "live", head }`. `approvals`: a question about an agent came or went. ' +
  'Each has an `id` to come back with as `Last-Event-ID`.';

/** `GET /v1/live`: what happens, as it happens. */
export function createLiveRoutes(live: Live): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/live',
      {
        config: { scope: 'events:read', narrowed: true, background: true },
        schema: {
          summary: 'Follow events and alerts as server-sent events; alerts also need `alerts:read`',
          tags: ['live'],
          produces: ['text/event-stream'],
          querystring: Type.Object(
            {
              kinds: Type.Optional(
                Type.String({
                  pattern: '^(events|alerts|approvals)(,(events|alerts|approvals)){0,2}$',
                  description: '`events`, `alerts`, `approvals`, with commas; `events,alerts` by default',
                }),
              ),
              after: Type.Optional(
                Type.String({
                  maxLength: 50,
                  description:
                    'LOG/INDEX to begin at, or the last id; from now on when left out. `Last-Event-ID` goes before it',
                }),
              ),
              stream: Type.Optional(
                Type.String({
                  pattern: '^[A-Za-z0-9_-]{22,64}$',
                  description: 'A name nobody can guess, to prove it by: see POST /v1/session/streams',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 50 })) }),
          response: {
            200: {
              description: frames,
              content: { 'text/event-stream': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
            },
          },
        },
      },
      async (request, reply) => {
        const { principal, query, reach } = request;
        const kinds = new Set((query.kinds ?? 'events,alerts').split(',').flatMap(kindOf));
        const alertReach = request.reachOf('alerts:read');
        if (kinds.has('alerts') && alertReach.isNothing) {
          throw new ServerError('live_scope_missing', 'Cannot follow alerts: the caller must be allowed "alerts:read"');
        }
        const resume = request.headers['last-event-id'] ?? query.after;
        const stream = await live.open({
          callerId: `${principal.kind}/${principal.id}`,
          kinds,
          hearsOf: (owner) =>
            principal.scopes.includes('agents:read') ||
            (owner.kind === principal.kind && owner.id === principal.id) ||
            (principal.kind === 'user' && owner.kind === 'service' && owner.person === principal.id),
          ...(isWhole(reach) && isWhole(alertReach)
            ? {}
            : {
                mayHear: {
                  events: (site: string | undefined) => reach.includes(site),
                  alerts: (site: string | undefined) => alertReach.includes(site),
                },
              }),
          ...(resume === undefined || resume === '' ? {} : { from: placeOf(resume) }),
        });
        return reply
          .header('content-type', 'text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          .send(stream);
      },
    );
  };
}

function isWhole({ everywhere, except }: Reach): boolean {
  return everywhere && except.length === 0;
}

function kindOf(text: string): LiveKind[] {
  return text === 'events' || text === 'alerts' || text === 'approvals' ? [text] : [];
}

/** `LOG/INDEX`, with `,NUMBER` of the last alert in ids of ours. */
function placeOf(text: string): LivePlace {
  const [place = '', alert] = text.split(',', 2);
  const position = parsePosition(place);
  if (position === undefined || (alert !== undefined && !/^(0|[1-9]\d{0,14})$/.test(alert))) {
    throw new ServerError('live_position_invalid', `Cannot resume after "${text}": must be a position such as 1/42`);
  }
  return { position, ...(alert === undefined ? {} : { alert: Number(alert) }) };
}
