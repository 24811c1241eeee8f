import { typedApp, type Client, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PeopleNeeds } from '../needs.ts';
import { isoTime } from '../sessions/session-format.ts';
import { Password, Ticket } from '../sessions/sign-in-routes.ts';
import type { PeopleServices } from './create-people.ts';
import type { Person } from './people.ts';

const Time = Type.String({ format: 'date-time' });
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Roles = Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20, description: 'Held everywhere' });
const SiteRoles = Type.Array(
  Type.Object(
    { role: Type.String({ maxLength: 100 }), site: Type.String({ minLength: 1, maxLength: 60 }) },
    { additionalProperties: false },
  ),
  { maxItems: 100, description: 'Each held at one site alone, named as on its cameras and devices' },
);

const ShownUser = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String()),
  site_roles: SiteRoles,
  provided_roles: Type.Array(Type.String(), { description: 'By the word of a sign-in provider, which changes them' }),
  state: Type.Enum(['invited', 'enrolling', 'active', 'disabled'], {
    description: 'Invited: no password yet. Enrolling: no second factor yet',
  }),
  disabled: Type.Boolean(),
  factors: Type.Array(Type.String(), { description: '`totp`, `passkey`, `certificate`' }),
  created_at: Time,
  created_by: Type.String(),
  last_sign_in_at: Type.Union([Time, Type.Null()]),
});
const Link = Type.Object({ link: Type.String(), expires_at: Time });
const ShownRole = Type.Object({
  id: Type.String(),
  name: Type.String(),
  words: Type.String(),
  permissions: Type.Array(Type.String()),
});

/** `/v1/users` and `/v1/invitations`. */
export function createPeopleRoutes(
  { people, organization, enrolment }: Pick<PeopleServices, 'people' | 'organization' | 'enrolment'>,
  { policy }: Pick<PeopleNeeds, 'policy'>,
): RoutePlugin {
  // At the first question: hundreds of decisions are no part of a start.
  let known: Static<typeof ShownRole>[] | undefined;
  const roles = (): Static<typeof ShownRole>[] =>
    (known ??= policy.roles().map(({ id, name, words }) => ({
      id,
      name,
      words,
      permissions: [
        ...policy.permissionsOf({ kind: 'user', id: 'somebody', name: '', scopes: [], roles: [id], assurance: 3 }),
      ],
    })));

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
      async () => ({ users: (await people.list()).map(shown), roles: roles() }),
    );

    app.patch(
      '/v1/users/:id',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary: 'Give other roles, disable or enable; effective at once',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          body: Type.Object(
            {
              roles: Type.Optional(Roles),
              site_roles: Type.Optional(SiteRoles),
              disabled: Type.Optional(Type.Boolean()),
            },
            { additionalProperties: false },
          ),
          response: { 200: ShownUser },
        },
      },
      async (request) => {
        const { site_roles: siteRoles, ...body } = request.body;
        const given = { ...body, ...(siteRoles === undefined ? {} : { siteRoles }) };
        return shown(await people.change({ id: request.params.id, ...given, by: request.principal }));
      },
    );

    app.post(
      '/v1/invitations',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary: 'Invite somebody; the link is shown only in this reply, is good once and for 72 hours',
          tags,
          body: Type.Object(
            { name: Name, roles: Roles, site_roles: Type.Optional(SiteRoles) },
            { additionalProperties: false },
          ),
          response: { 201: Link },
        },
      },
      async (request, reply) => {
        const { site_roles: siteRoles = [], ...body } = request.body;
        return reply
          .code(201)
          .send(linkOf(request, await people.invite({ ...body, siteRoles, by: request.principal })));
      },
    );

    app.post(
      '/v1/users/:id/reset',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary:
            'Take password, factors, sessions, programs and accounts at providers of somebody away; the link to begin anew is shown only in this reply',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          querystring: Type.Object(
            {
              keep_links: Type.Optional(
                Type.Literal('1', { description: 'Their accounts at providers, and what roles these give, stay' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Link },
        },
      },
      async (request) => {
        const { params, query, principal } = request;
        const keepsLinks = query.keep_links === '1';
        return linkOf(request, await people.reset({ id: params.id, keepsLinks, by: principal }));
      },
    );

    app.post(
      '/v1/invitations/look',
      {
        config: { public: true },
        schema: {
          summary: 'Whom a link is for and into what; the link stays good, and anything else tells nothing',
          tags,
          body: Type.Object({ token: Ticket }, { additionalProperties: false }),
          response: {
            200: Type.Object({
              name: Type.String(),
              roles: Type.Array(Type.String({ description: 'As people call it' })),
              site_roles: SiteRoles,
              organization: Type.Union([Type.String(), Type.Null()]),
              invited_by: Type.Union([Type.String(), Type.Null()]),
              reset: Type.Boolean({ description: 'They had an account before, and begin anew' }),
              expires_at: Time,
            }),
          },
        },
      },
      async (request) => {
        const { name, roles: given, siteRoles, invitedBy, isReset, expiresAtMs } = await people.look(request.body);
        return {
          name,
          roles: given.map((id) => roles().find((role) => role.id === id)?.name ?? id),
          site_roles: siteRoles.map(({ role, site }) => ({
            role: roles().find(({ id }) => id === role)?.name ?? role,
            site,
          })),
          organization: (await organization.read()) ?? null,
          invited_by: invitedBy ?? null,
          reset: isReset,
          expires_at: isoTime(expiresAtMs),
        };
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
          response: {
            200: Type.Object({
              enrolment: Ticket,
              methods: Type.Array(Type.Enum(['passkey', 'certificate', 'totp']), {
                description: 'What would do, in this browser; the best first',
              }),
            }),
          },
        },
      },
      async (request) => {
        const { enrolment: ticket } = await people.accept(request.body);
        const methods = await enrolment.methods({ enrolment: ticket, client: request.client });
        return { enrolment: ticket, methods: [...methods] };
      },
    );
  };
}

/** Behind the "#" the browser sends it to nobody, so it stands in no log. */
function linkOf(
  { client }: { readonly client: Client },
  { token, expiresAtMs }: { readonly token: string; readonly expiresAtMs: number },
): Static<typeof Link> {
  return { link: `${client.linkOrigin}/invitation#${token}`, expires_at: isoTime(expiresAtMs) };
}

function shown(person: Person): Static<typeof ShownUser> {
  return {
    id: person.id,
    name: person.name,
    roles: [...person.roles],
    site_roles: (person.siteRoles ?? []).map(({ role, site }) => ({ role, site })),
    provided_roles: [...(person.providedRoles ?? [])],
    state: person.state,
    disabled: person.disabledAtMs !== undefined,
    factors: [...person.factors],
    created_at: isoTime(person.createdAtMs),
    created_by: person.createdBy,
    last_sign_in_at: person.lastSignInAtMs === undefined ? null : isoTime(person.lastSignInAtMs),
  };
}
