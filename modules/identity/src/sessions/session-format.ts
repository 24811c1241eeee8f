import type { Principal } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { IdentityError } from '../errors.ts';
import type { Session } from './session-store.ts';
import { idleLifetimeMs } from './sessions.ts';

const Time = Type.String({ format: 'date-time' });

/** Who is signed in, and until when. */
export const Me = Type.Object({
  user: Type.Object({ id: Type.String(), name: Type.String(), roles: Type.Array(Type.String()) }),
  session: Type.Object({
    id: Type.String(),
    created_at: Time,
    expires_at: Time,
    proved_at: Type.String({ format: 'date-time', description: 'When they last proved in full who they are' }),
    idle_expires_at: Time,
    assurance: Type.Integer({ description: '2 with a second factor, 3 with a passkey' }),
    methods: Type.Array(Type.String()),
  }),
  permissions: Type.Array(Type.String(), { description: 'Every action this person is allowed' }),
  organization: Type.Union([Type.String(), Type.Null()]),
});

export function meOf(principal: Principal, session: Session, organization: string | undefined): Static<typeof Me> {
  return {
    user: { id: principal.id, name: principal.name, roles: [...(principal.roles ?? [])] },
    session: {
      id: session.id,
      created_at: isoTime(session.createdAtMs),
      expires_at: isoTime(session.expiresAtMs),
      proved_at: isoTime(session.authenticatedAtMs),
      idle_expires_at: isoTime(Math.min(session.expiresAtMs, session.lastSeenAtMs + idleLifetimeMs)),
      assurance: session.assurance,
      methods: [...session.methods],
    },
    permissions: [...principal.scopes],
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
