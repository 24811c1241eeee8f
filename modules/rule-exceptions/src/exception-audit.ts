import { createHash } from 'node:crypto';
import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { ExceptionVersion, Person } from './exception.ts';

/** As much of a condition as an audit event holds; its hash stands for all of it. */
const auditedCondition = 24_000;

export type AuditedAction = 'create' | 'propose' | 'change' | 'approve' | 'withdraw';

/** What somebody did with an exception: Entity Management (3004), with condition and reason. */
export function exceptionEvent(input: {
  readonly nowMs: number;
  readonly by: Person;
  readonly action: AuditedAction;
  readonly id: string;
  readonly version: ExceptionVersion;
  /** It may hide what rules about this server find. */
  readonly isAboutUs: boolean;
  readonly details?: JsonObject;
}): AuditEvent {
  const { id, action, version } = input;
  const { text } = version;
  return auditEvent({
    nowMs: input.nowMs,
    actor: input.by,
    action: `exception.${action}`,
    classUid: ocsfClass.entityManagement,
    activityId: action === 'create' ? 1 : action === 'withdraw' ? 4 : 3,
    outcome: 'success',
    target: { type: 'exception', id, name: text.name },
    details: {
      version: version.version,
      reason: text.reason,
      rule_ids: text.rules === 'all' ? ['all'] : [...text.rules],
      condition: text.condition.slice(0, auditedCondition),
      condition_sha256: createHash('sha256').update(text.condition).digest('hex'),
      host: text.host ?? null,
      user: text.user ?? null,
      site: text.site ?? null,
      from_ms: version.fromMs ?? null,
      until_ms: text.untilMs ?? null,
      tried: version.trial === undefined ? null : { ...version.trial },
      about_us: input.isAboutUs,
      about_self: version.accepted.includes('about_self'),
      accepted: [...version.accepted],
      ...input.details,
    },
  });
}
