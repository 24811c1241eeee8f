import { formatPosition, isJsonObject, ocsfClass } from '@sallyport/contracts';
import type { JsonObject, JsonValue, Position } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Alert, AlertChange } from './alert.ts';

const action = 'alert.update';

/**
 * The audit event of a change of an alert: Entity Management (3004), activity Update. Holds the comment; with a disposition also the
 * newest findings the alert stands for, which who learns from it reads (at most 100).
 */
export function alertChangeEvent(input: {
  readonly nowMs: number;
  readonly change: AlertChange;
  readonly before: Alert;
  readonly findings?: readonly Position[];
}): AuditEvent {
  const { change, before } = input;
  return auditEvent({
    nowMs: input.nowMs,
    actor: { kind: change.actor.kind, id: change.actor.id, name: change.actor.name },
    action,
    classUid: ocsfClass.entityManagement,
    activityId: 3,
    outcome: 'success',
    target: { type: 'alert', id: before.id },
    details: {
      ...(change.state === undefined ? {} : { from: before.state, to: change.state }),
      ...(change.disposition === undefined
        ? {}
        : { disposition_from: before.disposition ?? null, disposition: change.disposition }),
      ...(change.assignee === undefined
        ? {}
        : { assignee_from: before.assignee ?? null, assignee_to: change.assignee }),
      finding: formatPosition(before.finding),
      ...(input.findings === undefined ? {} : { findings: input.findings.map(formatPosition) }),
      ...(change.comment === undefined ? {} : { comment: change.comment }),
    },
  });
}

/** A comment as its audit event tells it. */
export type CommentText = {
  readonly alertId: string;
  readonly atMs: number;
  readonly actor: { readonly id: string; readonly name: string };
  readonly text: string;
};

/** The comment in an event's bytes; undefined when it is no audit event of ours, or one without a comment. Never throws. */
export function decodeComment(bytes: Uint8Array): CommentText | undefined {
  // Most events of the class are about something else: that is told without parsing.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(action)) return undefined;
  const event = parseObject(bytes);
  if (event === undefined || event['raw_data'] !== undefined) return undefined;
  const metadata = objectAt(event, 'metadata');
  const own = objectAt(objectAt(event, 'unmapped'), 'sallyport');
  const user = objectAt(objectAt(event, 'actor'), 'user');
  const alertId = objectAt(own, 'target')['id'];
  const text = objectAt(own, 'details')['comment'];
  const atMs = event['time'];
  const [id, name] = [user['uid'], user['name']];
  if (metadata['log_name'] !== 'audit' || metadata['event_code'] !== action) return undefined;
  if (typeof alertId !== 'string' || typeof text !== 'string' || typeof atMs !== 'number') return undefined;
  if (typeof id !== 'string' || typeof name !== 'string') return undefined;
  return { alertId, atMs, actor: { id, name }, text };
}

function parseObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value: JsonValue | undefined = parent[name];
  return isJsonObject(value) ? value : {};
}
