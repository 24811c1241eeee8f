import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, AuditEvent } from '@sallyport/ledger';

export type PackAction =
  | 'import'
  | 'activate'
  | 'rollback'
  | 'discard'
  | 'remove'
  | 'policy'
  | 'rule-off'
  | 'rule-on'
  | 'try'
  | 'refused'
  | 'trust'
  | 'distrust';

export const packSystem: Actor = { kind: 'system', id: 'rule-packs', name: 'Rule packs' };

/** What happened to a pack, or to the keys that may sign packs: Device Config State Change (5019). */
export function packEvent(input: {
  readonly nowMs: number;
  readonly actor: Actor;
  readonly action: PackAction;
  /** Name of the pack, or the key. */
  readonly target: string;
  readonly failure?: string;
  readonly details?: JsonObject;
}): AuditEvent {
  const { kind, id, name } = input.actor;
  const isKey = input.action === 'trust' || input.action === 'distrust';
  return auditEvent({
    nowMs: input.nowMs,
    actor: { kind, id, name },
    action: `rules.pack.${input.action}`,
    classUid: ocsfClass.deviceConfigStateChange,
    activityId: 1,
    outcome: input.failure === undefined ? 'success' : 'failure',
    target: { type: isKey ? 'rule-pack-key' : 'rule-pack', id: input.target },
    details: { ...input.details, ...(input.failure === undefined ? {} : { failure: input.failure }) },
  });
}
