import { isIP } from 'node:net';
import { isJsonObject, ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent, type Actor, type AuditEvent } from '@sallyport/ledger';
import { CodedError } from '@sallyport/platform/errors';
import type { Client, Principal } from '@sallyport/platform/http';

/** A change of somebody's account: OCSF Account Change (3001). */
export function accountEvent(input: {
  readonly nowMs: number;
  readonly by: Principal | Actor;
  readonly action: string;
  readonly user: { readonly id: string; readonly name: string };
  readonly details?: JsonObject;
}): AuditEvent {
  const { nowMs, by, action, user, details } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action,
    classUid: ocsfClass.accountChange,
    activityId: activities[action] ?? 99,
    outcome: 'success',
    target: { type: 'user', id: user.id, name: user.name },
    ...(details === undefined ? {} : { details }),
  });
}

const activities: Readonly<Record<string, number>> = {
  'user.create': 1,
  'user.enable': 2,
  'user.disable': 5,
  'user.delete': 6,
  'user.password': 3,
  'user.factor': 10,
  'user.factor-remove': 11,
  'user.reset': 4,
  'user.recover': 4,
};

/** Why a sign-in failed: for the ledger only, the caller is told less. */
export type SignInFailure =
  | 'user_unknown'
  | 'user_disabled'
  | 'user_not_ready'
  | 'password_wrong'
  | 'code_wrong'
  | 'recovery_code_wrong'
  | 'passkey_refused'
  | 'certificate_refused'
  /** What roles require does not let this factor stand for a proof. */
  | 'proof_not_accepted'
  /** What was shown is enough, and the session itself was refused. */
  | 'browser_key_required'
  | 'key_proof_refused'
  | 'sessions_exceeded'
  | 'throttled';

export type AuthenticationAction =
  | 'session.sign-in'
  /** The password was right; the second factor is still to come. */
  | 'session.password-accepted'
  /** What was shown is right, and not enough yet for what their roles require. */
  | 'session.more-required'
  /** A code or passkey for the first second factor. */
  | 'session.enrol'
  /** Somebody signed in proves once more who they are. */
  | 'session.step-up'
  /** A session's browser was to sign a request with its key, and somebody signed it with another, or signed another request. */
  | 'session.key-proof'
  | 'session.end'
  | 'session.reuse';

const authenticationActivities: Readonly<Record<AuthenticationAction, number>> = {
  'session.sign-in': 1,
  'session.password-accepted': 99,
  'session.more-required': 99,
  'session.enrol': 99,
  'session.step-up': 99,
  'session.key-proof': 99,
  'session.end': 2,
  'session.reuse': 2,
};

/**
 * OCSF Authentication (3002): activity 1 Logon, 2 Logoff, 99 for the steps between; `status_id` 2 and `status_detail` for a failure. The name somebody
 * tried may be a password typed into the wrong field: it stands sealed, in the ledger and in what an alert keeps, and nowhere else.
 */
export function authenticationEvent(input: {
  readonly nowMs: number;
  readonly action: AuthenticationAction;
  readonly failure?: SignInFailure | 'token_reused' | 'key_proof_wrong';
  readonly client?: Client;
  readonly by?: Principal | Actor;
  readonly user: { readonly id?: string; readonly name: string };
  readonly methods?: readonly string[];
  readonly assurance?: 1 | 2 | 3;
  readonly sessionId?: string;
  /** Thumbprint of the key of the browser: the device, as far as we can tell one. */
  readonly browserKey?: string;
  /** Id of the identity provider. */
  readonly provider?: string;
  /** What an authenticator said of itself, and the verdict. */
  readonly passkey?: JsonObject;
  /** What a certificate says of itself, and why it was refused. */
  readonly certificate?: JsonObject;
  /** Of what was no failure: why it happened. */
  readonly cause?: string;
}): AuditEvent {
  const { nowMs, action, failure, client, by, user, methods = [], sessionId, browserKey, provider } = input;
  const address = client?.address ?? '';
  // Of an IPv6 network its first address: without one, correlations by source would not count what comes from there.
  const first = address.replace(/\/64$/, '');
  const own =
    user.id === undefined || failure !== undefined
      ? { kind: 'unknown', id: address, name: 'unauthenticated' }
      : { kind: 'user', id: user.id, name: user.name };
  const { classUid, event } = auditEvent({
    nowMs,
    actor: by === undefined ? own : { kind: by.kind, id: by.id, name: by.name },
    action,
    classUid: ocsfClass.authentication,
    activityId: authenticationActivities[action],
    outcome: failure === undefined ? 'success' : 'failure',
    target: { type: 'user', id: user.id ?? '', name: user.name },
    details: {
      reason: failure ?? input.cause ?? null,
      methods: [...methods],
      address,
      ...(input.assurance === undefined ? {} : { assurance: input.assurance }),
      ...(browserKey === undefined ? {} : { browser_key: browserKey }),
      ...(provider === undefined ? {} : { provider }),
      ...(input.passkey === undefined ? {} : { passkey: input.passkey }),
      ...(input.certificate === undefined ? {} : { certificate: input.certificate }),
    },
  });
  return {
    classUid,
    event: {
      ...event,
      user: { name: user.name, ...(user.id === undefined ? {} : { uid: user.id }) },
      ...(failure === undefined ? {} : { status_detail: failure }),
      ...(isIP(first) === 0 && browserKey === undefined
        ? {}
        : {
            src_endpoint: {
              ...(isIP(first) === 0 ? {} : { ip: first }),
              ...(browserKey === undefined ? {} : { uid: browserKey }),
            },
          }),
      ...(client === undefined || client.agent === '' ? {} : { http_request: { user_agent: client.agent } }),
      ...(sessionId === undefined
        ? {}
        : { session: { uid: sessionId, is_mfa: (input.assurance ?? methods.length) > 1 } }),
    },
  };
}

/** What a refusal says about the authenticator. */
export function passkeyOf(error: unknown): JsonObject | undefined {
  const passkey = error instanceof CodedError ? error.details['passkey'] : undefined;
  return isJsonObject(passkey) ? passkey : undefined;
}
