import { formatPosition, ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Alert, StateChange } from './alert.ts';

/** The audit event of a change of an alert's state: Entity Management (3004), activity Update. Holds the comment. */
export function stateChangeEvent(input: { nowMs: number; change: StateChange; alert: Alert }): AuditEvent {
  const { change, alert } = input;
  return auditEvent({
    nowMs: input.nowMs,
    actor: { kind: change.actor.kind, id: change.actor.id, name: change.actor.name },
    action: 'alert.update',
    classUid: ocsfClass.entityManagement,
    activityId: 3,
    outcome: 'success',
    target: { type: 'alert', id: alert.id },
    details: {
      from: alert.state,
      to: change.state,
      finding: formatPosition(alert.finding),
      ...(change.comment === undefined ? {} : { comment: change.comment }),
    },
  });
}
