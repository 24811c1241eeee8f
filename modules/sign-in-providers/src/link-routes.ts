import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { SignInProviders } from './sign-in-providers.ts';
import type { Link } from './link-store.ts';

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Time = Type.String({ format: 'date-time' });
const ShownLink = Type.Object({
  id: Type.String(),
  provider: Type.String(),
  user: Type.Object({ id: Type.String(), name: Type.String() }),
  name: Type.String({ description: 'What they are called there' }),
  created_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
});

/** Which accounts elsewhere are whose: one’s own, and for who manages people everybody’s. */
export function createLinkRoutes({ linking }: Pick<SignInProviders, 'linking'>): RoutePlugin {
  const show = async (links: readonly Link[]): Promise<Static<typeof ShownLink>[]> => {
    const names = await linking.namesOf(links);
    return links.map((link) => ({
      id: link.id,
      provider: link.providerId,
      user: { id: link.userId, name: names.get(link.userId) ?? '' },
      name: link.name,
      created_at: new Date(link.createdAtMs).toISOString(),
      last_used_at: link.lastUsedAtMs === undefined ? null : new Date(link.lastUsedAtMs).toISOString(),
    }));
  };

  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['providers'];
    const response = { 200: Type.Object({ links: Type.Array(ShownLink) }) };

    app.get(
      '/v1/provider-links/own',
      {
        config: { scope: 'sessions:own' },
        schema: { summary: 'One’s own accounts at providers', tags, response },
      },
      async ({ principal }) => ({ links: await show(await linking.list({ userId: principal.id })) }),
    );

    app.delete(
      '/v1/provider-links/own/:id',
      {
        config: { scope: 'sessions:own', stepUp: true },
        schema: {
          summary: 'Take one’s own account there away, with the roles and sessions it gave',
          tags,
          params: Type.Object({ id: Id }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal: by }, reply) => {
        await linking.unlink({ id, by, ownerId: by.id });
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/v1/provider-links',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'Whose accounts at a provider are whose here',
          tags,
          querystring: Type.Object(
            { provider: Type.Optional(Id), user: Type.Optional(Id) },
            { additionalProperties: false },
          ),
          response,
        },
      },
      async ({ query: { provider, user } }) => ({
        links: await show(
          await linking.list({
            ...(provider === undefined ? {} : { providerId: provider }),
            ...(user === undefined ? {} : { userId: user }),
          }),
        ),
      }),
    );

    app.post(
      '/v1/provider-links',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary: 'Link somebody by the subject their provider gives them; only for whoever may do all that they may',
          tags,
          body: Type.Object(
            { provider: Id, user: Id, subject: Type.String({ minLength: 1, maxLength: 255 }) },
            { additionalProperties: false },
          ),
          response: { 201: ShownLink },
        },
      },
      async ({ body, principal: by }, reply) => {
        const link = await linking.linkFor({ providerId: body.provider, userId: body.user, subject: body.subject, by });
        const [one] = await show([link]);
        if (one === undefined) throw new TypeError('Cannot show a link: it is gone');
        return reply.code(201).send(one);
      },
    );

    app.delete(
      '/v1/provider-links/:id',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary: 'Take somebody’s account there away, with the roles and sessions it gave',
          tags,
          params: Type.Object({ id: Id }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal: by }, reply) => {
        await linking.unlink({ id, by });
        return reply.code(204).send(null);
      },
    );
  };
}
