import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import type { RuleSet } from './match-protocol.ts';

/** The audit event of a reload: Device Config State Change (5019). `set` is what is in force after it; `failure` the code when nothing changed. */
export function reloadEvent(input: {
  nowMs: number;
  actor: Principal;
  set: RuleSet;
  failure: string | undefined;
}): AuditEvent {
  const { actor, set, failure } = input;
  return auditEvent({
    nowMs: input.nowMs,
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    action: 'rules.reload',
    classUid: ocsfClass.deviceConfigStateChange,
    activityId: 1,
    outcome: failure === undefined ? 'success' : 'failure',
    target: { type: 'rule-set', id: set.hash },
    details: {
      loaded: set.rules.length,
      refused: set.refusals.length,
      ...(failure === undefined ? {} : { failure }),
    },
  });
}
