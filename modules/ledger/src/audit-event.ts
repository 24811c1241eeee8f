import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue, OcsfEvent } from '@sallyport/contracts';

const auditLogName = 'audit';

/** An event about ourselves, on its way into the ledger. */
export type AuditEvent = { readonly classUid: number; readonly event: OcsfEvent };

export type Actor = { readonly kind: string; readonly id: string; readonly name: string };

/** What somebody did or was refused, as an OCSF event. Never put a secret into `details`. */
export type AuditInput = {
  readonly nowMs: number;
  readonly actor: Actor;
  /** Dotted and stable, e.g. `key.create`. */
  readonly action: string;
  readonly classUid: number;
  /** OCSF activity of that class; 99 is "other". */
  readonly activityId: number;
  readonly outcome: 'success' | 'failure';
  readonly target: { readonly type: string; readonly id: string; readonly name?: string };
  readonly details?: JsonObject;
};

export function auditEvent(input: AuditInput): AuditEvent {
  const { classUid, activityId, actor } = input;
  return {
    classUid,
    event: {
      class_uid: classUid,
      category_uid: Math.floor((classUid % 100_000) / 1000),
      activity_id: activityId,
      type_uid: classUid * 100 + activityId,
      severity_id: input.outcome === 'success' ? 1 : 2,
      status_id: input.outcome === 'success' ? 1 : 2,
      time: input.nowMs,
      message: input.action,
      actor: { user: { uid: actor.id, name: actor.name, type: actor.kind } },
      metadata: {
        version: '1.8.0',
        product: { name: 'Sallyport', vendor_name: 'Sallyport' },
        log_name: auditLogName,
        event_code: input.action,
      },
      unmapped: {
        sallyport: {
          generation: 0,
          target: input.target,
          ...(input.details === undefined ? {} : { details: input.details }),
        },
      },
    },
  };
}

/**
 * Whether a body of the ledger is an audit record of ours. Records from outside carry `raw_data`: they are none, whatever
 * they claim. What is no event at all counts as one, so that nobody is shown what nobody can tell.
 */
export function isAuditRecord(body: JsonValue | undefined): boolean {
  if (!isJsonObject(body)) return true;
  if (typeof body['raw_data'] === 'string') return false;
  const { metadata } = body;
  return !isJsonObject(metadata) || metadata['log_name'] === auditLogName;
}
