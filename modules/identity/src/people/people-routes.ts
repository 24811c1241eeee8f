import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PeopleNeeds } from '../needs.ts';
import { isoTime } from '../sessions/session-format.ts';
import { Password, Ticket } from '../sessions/sign-in-routes.ts';
import type { PeopleServices } from './create-people.ts';
import type { Person } from './people.ts';

const Time = Type.String({ format: 'date-time' });
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Roles = Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 20 });

const ShownUser = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String()),
  state: Type.Enum(['invited', 'enrolling', 'active', 'disabled'], {
    description: 'Invited: no password yet. Enrolling: no second factor yet',
  }),
  disabled: Type.Boolean(),
  factors: Type.Array(Type.String(), { description: '`totp`, `passkey`' }),
  created_at: Time,
  created_by: Type.String(),
  last_sign_in_at: Type.Union([Time, Type.Null()]),
});
const ShownRole = Type.Object({
  id: Type.String(),
  name: Type.String(),
  words: Type.String(),
  permissions: Type.Array(Type.String()),
});

/** `/v1/users` and `/v1/invitations`. */
export function createPeopleRoutes(
  { people }: Pick<PeopleServices, 'people'>,
  { policy }: Pick<PeopleNeeds, 'policy'>,
): RoutePlugin {
  const roles = policy.roles().map(({ id, name, words }) => ({
    id,
    name,
    words,
    permissions: [
      ...policy.permissionsOf({ kind: 'user', id: 'somebody', name: '', scopes: [], roles: [id], assurance: 3 }),
    ],
  }));

  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['people'];

    app.get(
      '/v1/users',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'Everybody by name, and the roles there are',
          tags,
          response: { 200: Type.Object({ users: Type.Array(ShownUser), roles: Type.Array(ShownRole) }) },
        },
      },
      async () => ({ users: (await people.list()).map(shown), roles }),
    );

    app.patch(
      '/v1/users/:id',
      {
        config: { scope: 'users:manage' },
        schema: {
          summary: 'Give other roles, disable or enable; effective at once',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          body: Type.Object(
            { roles: Type.Optional(Roles), disabled: Type.Optional(Type.Boolean()) },
            { additionalProperties: false },
          ),
          response: { 200: ShownUser },
        },
      },
      async (request) => shown(await people.change({ id: request.params.id, ...request.body, by: request.principal })),
    );

    app.post(
      '/v1/invitations',
      {
        config: { scope: 'users:manage' },
        schema: {
          summary: 'Invite somebody; the link is shown only in this reply, is good once and for 72 hours',
          tags,
          body: Type.Object({ name: Name, roles: Roles }, { additionalProperties: false }),
          response: { 201: Type.Object({ link: Type.String(), expires_at: Time }) },
        },
      },
      async (request, reply) => {
        const { token, expiresAtMs } = await people.invite({ ...request.body, by: request.principal });
        return reply
          .code(201)
          .send({ link: `${request.client.origin}/invitation#${token}`, expires_at: isoTime(expiresAtMs) });
      },
    );

    app.post(
      '/v1/invitations/accept',
      {
        config: { public: true },
        schema: {
          summary: 'Choose a password; a second factor comes next',
          tags,
          body: Type.Object({ token: Ticket, password: Password }, { additionalProperties: false }),
          response: { 200: Type.Object({ enrolment: Ticket }) },
        },
      },
      async (request) => people.accept(request.body),
    );
  };
}

function shown(person: Person): Static<typeof ShownUser> {
  return {
    id: person.id,
    name: person.name,
    roles: [...person.roles],
    state: person.state,
    disabled: person.disabledAtMs !== undefined,
    factors: [...person.factors],
    created_at: isoTime(person.createdAtMs),
    created_by: person.createdBy,
    last_sign_in_at: person.lastSignInAtMs === undefined ? null : isoTime(person.lastSignInAtMs),
  };
}
