import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';

export type DocumentAction = 'create' | 'save' | 'stage' | 'unstage' | 'activate' | 'retire' | 'delete';

/** What somebody did with a document: Entity Management (3004). Hashes name the texts; the texts themselves stay sealed. */
export function documentEvent(input: {
  readonly nowMs: number;
  readonly actor: Principal;
  readonly action: DocumentAction;
  readonly document: { readonly id: string; readonly name: string };
  readonly details: JsonObject;
}): AuditEvent {
  const { actor, action, document } = input;
  return auditEvent({
    nowMs: input.nowMs,
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    action: `rule_document.${action}`,
    classUid: ocsfClass.entityManagement,
    activityId: action === 'create' ? 1 : action === 'delete' ? 4 : 3,
    outcome: 'success',
    target: { type: 'rule-document', id: document.id, name: document.name },
    details: input.details,
  });
}
