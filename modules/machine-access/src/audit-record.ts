import { isIP } from 'node:net';
import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, AuditEvent } from '@sallyport/ledger';
import type { Client } from '@sallyport/platform/http';

const activities: Readonly<Record<string, number>> = {
  'service.create': 1,
  'service.change': 3,
  'service.delete': 4,
  'service.resume': 8,
  'service.suspend': 9,
};

/** A change of a service account: OCSF Entity Management (3004). */
export function serviceEvent(input: {
  readonly nowMs: number;
  readonly by: Actor;
  readonly action: string;
  readonly account: { readonly id: string; readonly name: string };
  readonly details?: JsonObject;
}): AuditEvent {
  const { nowMs, by, action, account, details = {} } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action,
    classUid: ocsfClass.entityManagement,
    activityId: activities[action] ?? 99,
    outcome: 'success',
    target: { type: 'service account', id: account.id, name: account.name },
    details,
  });
}

export type TokenAction =
  | 'token.issue'
  | 'token.refuse'
  | 'token.revoke'
  /** A person let a program in, or did not. */
  | 'token.approve'
  | 'token.deny'
  /** A refresh token or device code came back that was used before. */
  | 'token.reuse';

const authenticationActivities: Readonly<Record<TokenAction, number>> = {
  'token.issue': 1,
  'token.refuse': 1,
  'token.revoke': 2,
  'token.approve': 99,
  'token.deny': 99,
  'token.reuse': 2,
};

/** OCSF Authentication (3002). A client id somebody tried is theirs to choose: it stands as the name, cut short. */
export function tokenEvent(input: {
  readonly nowMs: number;
  readonly action: TokenAction;
  readonly actor: Actor;
  /** Whose token it is. */
  readonly holder: { readonly type: 'service account' | 'user'; readonly id: string; readonly name: string };
  readonly client?: Client;
  readonly refused?: string;
  readonly details?: JsonObject;
}): AuditEvent {
  const { nowMs, action, actor, holder, client, refused, details = {} } = input;
  const address = client?.address ?? '';
  const first = address.replace(/\/64$/, '');
  const failed = refused !== undefined || action === 'token.reuse';
  const { classUid, event } = auditEvent({
    nowMs,
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    action,
    classUid: ocsfClass.authentication,
    activityId: authenticationActivities[action],
    outcome: failed ? 'failure' : 'success',
    target: holder,
    details: { ...details, reason: refused ?? null, address },
  });
  return {
    classUid,
    event: {
      ...event,
      user: { uid: holder.id, name: holder.name },
      ...(refused === undefined ? {} : { status_detail: refused }),
      ...(isIP(first) === 0 ? {} : { src_endpoint: { ip: first } }),
      ...(client === undefined || client.agent === '' ? {} : { http_request: { user_agent: client.agent } }),
    },
  };
}
