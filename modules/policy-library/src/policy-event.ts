import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';

export type PolicyAction =
  | 'create'
  | 'save'
  | 'delete'
  | 'stage'
  | 'ask'
  | 'decline'
  | 'withdraw'
  | 'activate'
  /** Versions of an earlier version of the product were sealed as they stood. */
  | 'seal'
  /** Versions that are not as they were sealed; none of them comes into force any more. */
  | 'damaged'
  /** What is in force cannot be loaded; most is denied until it can. */
  | 'unreadable';

/** What somebody did with policies: Entity Management (3004). Hashes name the texts; the texts themselves stay sealed. */
export function policyEvent(input: {
  readonly nowMs: number;
  readonly by:
    | Pick<Principal, 'kind' | 'id' | 'name'>
    | { readonly kind: 'system'; readonly id: string; readonly name: string };
  readonly action: PolicyAction;
  readonly target: { readonly type: 'policy-document' | 'policy-version'; readonly id: string; readonly name?: string };
  readonly details: JsonObject;
}): AuditEvent {
  const { nowMs, by, action, target, details } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action: `policy.${action}`,
    classUid: ocsfClass.entityManagement,
    activityId: action === 'create' ? 1 : action === 'delete' ? 4 : 3,
    outcome: action === 'unreadable' || action === 'damaged' ? 'failure' : 'success',
    target,
    details,
  });
}
