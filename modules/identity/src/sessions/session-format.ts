import type { Principal } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { IdentityError } from '../errors.ts';
import type { LiveSession } from './sessions.ts';

const Time = Type.String({ format: 'date-time' });

/** Who is signed in, and until when. */
export const Me = Type.Object({
  user: Type.Object({
    id: Type.String(),
    name: Type.String(),
    roles: Type.Array(Type.String(), { description: 'Held everywhere' }),
    site_roles: Type.Array(Type.Object({ role: Type.String(), site: Type.String() })),
  }),
  session: Type.Object({
    id: Type.String(),
    created_at: Time,
    expires_at: Time,
    proved_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When they last proved in full who they are',
    }),
    idle_expires_at: Time,
    assurance: Type.Integer({ description: '2 with a second factor, 3 with a passkey' }),
    methods: Type.Array(Type.String()),
    browser_key: Type.Union([Type.String(), Type.Null()], {
      description: 'Thumbprint (RFC 7638) of the key of the browser it is bound to',
    }),
    provider: Type.Union([Type.String(), Type.Null()], { description: 'Id of the identity provider' }),
  }),
  permissions: Type.Array(Type.String(), { description: 'Every action this person is allowed everywhere' }),
  site_permissions: Type.Array(Type.Object({ site: Type.String(), permissions: Type.Array(Type.String()) }), {
    description: 'What they are allowed at the sites where they hold a role',
  }),
  organization: Type.Union([Type.String(), Type.Null()]),
});

export function meOf(principal: Principal, session: LiveSession, organization: string | undefined): Static<typeof Me> {
  return {
    user: {
      id: principal.id,
      name: principal.name,
      roles: [...(principal.roles ?? [])],
      site_roles: (principal.siteRoles ?? []).map(({ role, site }) => ({ role, site })),
    },
    session: {
      id: session.id,
      created_at: isoTime(session.createdAtMs),
      expires_at: isoTime(session.expiresAtMs),
      proved_at: session.authenticatedAtMs === 0 ? null : isoTime(session.authenticatedAtMs),
      idle_expires_at: isoTime(session.idleExpiresAtMs),
      assurance: session.assurance,
      methods: [...session.methods],
      browser_key: session.browserKey ?? null,
      provider: session.provider?.id ?? null,
    },
    permissions: [...principal.scopes],
    site_permissions: (principal.siteScopes ?? []).map(({ site, scopes }) => ({ site, permissions: [...scopes] })),
    organization: organization ?? null,
  };
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** The session of a signed-in person. Throws `session_required` for a key and for the operator. */
export function sessionIdOf(principal: Principal): string {
  if (principal.kind === 'user' && principal.sessionId !== undefined) return principal.sessionId;
  throw new IdentityError('session_required', `Cannot do this as ${principal.kind}: must be a person who is signed in`);
}
