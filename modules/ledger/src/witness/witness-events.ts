import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '../audit-event.ts';
import type { AuditEvent } from '../audit-event.ts';

const actor = { kind: 'system', id: 'witnesses', name: 'Witnesses' } as const;
const otherActivity = 99;

export type WitnessAction =
  /** It says that it has cosigned more than this log holds, or another history. */
  | 'witness.refused'
  /** It names less than it had cosigned. */
  | 'witness.fell-back'
  | 'witness.wrong-answer'
  | 'witness.recovered'
  | 'ledger.tail-unwitnessed'
  | 'ledger.tail-witnessed'
  | 'ledger.held'
  | 'ledger.signed-again';

const bad: ReadonlySet<WitnessAction> = new Set([
  'witness.refused',
  'witness.fell-back',
  'witness.wrong-answer',
  'ledger.tail-unwitnessed',
  'ledger.held',
]);

/** Alerts group by the device: the witness, or the log. */
export function witnessEvent(
  nowMs: number,
  said: {
    readonly action: WitnessAction;
    readonly about: string;
    readonly message: string;
    readonly details: JsonObject;
  },
): AuditEvent {
  const { classUid, event } = auditEvent({
    nowMs,
    actor,
    action: said.action,
    classUid: ocsfClass.entityManagement,
    activityId: otherActivity,
    outcome: bad.has(said.action) ? 'failure' : 'success',
    target: { type: said.action.startsWith('witness.') ? 'witness' : 'log', id: said.about },
    details: said.details,
  });
  return { classUid, event: { ...event, message: said.message, device: { type_id: 0, name: said.about } } };
}
