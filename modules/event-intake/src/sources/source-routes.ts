import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { EventIntake } from '../event-intake.ts';
import { Change, describeInDetail, describeListed, ListedSource, SourceInDetail } from './source-schema.ts';

// No database keeps a NUL, and PostgreSQL does not even look for one.
const Listing = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  after: Type.Optional(
    Type.String({
      pattern: String.raw`^[^/\u0000-\u001f]{1,100}/[^/\u0000-\u001f]{1,64}$`,
      description: '`next` of the page before',
    }),
  ),
});
const Named = Type.Object({
  key_id: Type.String({ pattern: String.raw`^[^/\u0000-\u001f]{1,100}$` }),
  name: Type.String({ pattern: String.raw`^[^/\u0000-\u001f]{1,64}$` }),
});

/** `/v1/sources`: who sends, how each is, and what is wanted of it. */
export function createSourceRoutes({ sources }: Pick<EventIntake, 'sources'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/sources',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'List the sources events came from, and how each is',
          tags: ['events'],
          querystring: Listing,
          response: { 200: Type.Object({ sources: Type.Array(ListedSource), next: Type.Optional(Type.String()) }) },
        },
      },
      async (request) => {
        const { limit = 1000, after } = request.query;
        const [keyId, name] = after?.split('/') ?? [];
        const page = await sources.list({
          limit,
          after: keyId === undefined || name === undefined ? undefined : { keyId, name },
        });
        const last = page.length === limit ? page.at(-1) : undefined;
        return {
          ...(last === undefined ? {} : { next: `${last.keyId}/${last.name}` }),
          sources: page.map(describeListed),
        };
      },
    );
    app.get(
      '/v1/sources/:key_id/:name',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'One source, with its last hour minute by minute',
          tags: ['events'],
          params: Named,
          response: { 200: SourceInDetail },
        },
      },
      async ({ params }) => describeInDetail(await sources.read(params.key_id, params.name)),
    );
    app.put(
      '/v1/sources/:key_id/:name',
      {
        config: { scope: 'sources:manage', stepUp: true },
        schema: {
          summary: 'Name a source, say where it stands and whether its silence matters, and limit what it may send',
          tags: ['events'],
          params: Named,
          body: Change,
          response: { 200: SourceInDetail },
        },
      },
      async ({ params, body, principal }) => {
        const { revision, label, site, expected, quiet_after_ms, events_per_second, bytes_per_day } = body;
        const changed = await sources.change({
          keyId: params.key_id,
          name: params.name,
          by: principal,
          revision,
          label: label?.toWellFormed() ?? label,
          // As the sites of devices are kept: it is compared with theirs, character by character.
          site: site?.toWellFormed().normalize('NFC').trim() ?? site,
          expected,
          quietAfterMs: quiet_after_ms,
          eventsPerSecond: events_per_second,
          bytesPerDay: bytes_per_day,
        });
        return describeInDetail(changed);
      },
    );
  };
}
