import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { Password, Ticket } from '../sessions/sign-in-routes.ts';
import type { PeopleServices } from './create-people.ts';

const Name = Type.String({ minLength: 1, maxLength: 200 });
const Settings = Type.Object({ organization: Type.Union([Type.String(), Type.Null()]) });

/** `/v1/setup` (the first administrator) and `/v1/settings`. */
export function createSetupRoutes({
  setup,
  organization,
}: Pick<PeopleServices, 'setup' | 'organization'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/setup',
      {
        config: { public: true },
        schema: {
          summary: 'Whether there is an administrator yet',
          tags: ['setup'],
          response: { 200: Type.Object({ needed: Type.Boolean() }) },
        },
      },
      async () => ({ needed: await setup.needed() }),
    );

    app.post(
      '/v1/setup/administrator',
      {
        config: { public: true },
        schema: {
          summary:
            'Create the first administrator with the token of the link the server printed, on its own machine only',
          tags: ['setup'],
          body: Type.Object(
            { token: Ticket, name: Name, password: Password, organization: Type.Optional(Name) },
            { additionalProperties: false },
          ),
          response: { 201: Type.Object({ enrolment: Ticket }) },
        },
      },
      async (request, reply) =>
        reply.code(201).send(await setup.createAdministrator({ ...request.body, client: request.client })),
    );

    app.get(
      '/v1/settings',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'Settings of the whole server', tags: ['settings'], response: { 200: Settings } },
      },
      async () => ({ organization: (await organization.read()) ?? null }),
    );

    app.put(
      '/v1/settings',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Change settings',
          tags: ['settings'],
          body: Type.Object({ organization: Type.Union([Name, Type.Null()]) }, { additionalProperties: false }),
          response: { 200: Settings },
        },
      },
      async (request) => ({
        organization: (await organization.rename({ ...request.body, by: request.principal })) ?? null,
      }),
    );
  };
}
