import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, AuditEvent } from '@sallyport/ledger';
import type { PrivilegeRequest } from './request.ts';

export type PrivilegeAction =
  | 'privilege.request'
  | 'privilege.approve'
  | 'privilege.deny'
  | 'privilege.withdraw'
  | 'privilege.expire'
  | 'privilege.take-up'
  | 'privilege.end'
  | 'privilege.review'
  | 'privilege.review-overdue'
  | 'privilege.own-decision'
  | 'privilege.approval-void'
  | 'privilege.altered';

/** This server itself, where nobody asked for it. */
export const ourselves: Actor = { kind: 'system', id: 'privileged-access', name: 'privileged access' };

/** User Access Management (OCSF 3005): 1 assign privileges, 2 revoke privileges, 99 for what leads there. */
export function privilegeEvent(input: {
  readonly nowMs: number;
  readonly by: Actor;
  readonly action: PrivilegeAction;
  readonly request: PrivilegeRequest;
  readonly outcome?: 'success' | 'failure';
  readonly details?: JsonObject;
}): AuditEvent {
  const { nowMs, by, action, request, outcome = 'success', details } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action,
    classUid: ocsfClass.userAccess,
    activityId: action === 'privilege.take-up' ? 1 : action === 'privilege.end' ? 2 : 99,
    outcome,
    target: { type: 'privilege', id: request.id, name: request.said.name },
    details: {
      kind: request.kind,
      role: request.role,
      site: request.site ?? null,
      actions: request.actions === undefined ? null : [...request.actions],
      minutes: request.minutes,
      user_id: request.requesterId,
      reason: request.said.reason,
      dangerous: request.said.dangerous.length > 0,
      ...details,
    },
  });
}

/** What was done with the rules or with a prepared account. */
export function privilegeEntityEvent(input: {
  readonly nowMs: number;
  readonly by: Actor;
  readonly action: string;
  readonly activityId?: number;
  readonly outcome?: 'success' | 'failure';
  readonly target: { readonly type: string; readonly id: string; readonly name: string };
  readonly details?: JsonObject;
}): AuditEvent {
  const { by, activityId = 99, outcome = 'success', details, ...rest } = input;
  return auditEvent({
    ...rest,
    actor: { kind: by.kind, id: by.id, name: by.name },
    classUid: ocsfClass.userAccess,
    activityId,
    outcome,
    ...(details === undefined ? {} : { details }),
  });
}
