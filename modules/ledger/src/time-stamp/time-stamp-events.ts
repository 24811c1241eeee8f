import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '../audit-event.ts';
import type { Actor, AuditEvent } from '../audit-event.ts';

const system = { kind: 'system', id: 'time-stamps', name: 'Time-stamps' } as const;

export type TimeStampAction =
  | 'ledger.time-stamped'
  | 'time-authority.wrong-answer'
  | 'time-authority.recovered'
  | 'ledger.time-stamps-late'
  | 'ledger.time-stamps-resumed'
  | 'time-authority.add'
  | 'time-authority.remove'
  | 'time-authority.interval';

const bad: ReadonlySet<TimeStampAction> = new Set(['time-authority.wrong-answer', 'ledger.time-stamps-late']);
const activities: Readonly<Partial<Record<TimeStampAction, number>>> = {
  'time-authority.add': 1,
  'time-authority.interval': 3,
  'time-authority.remove': 4,
};

/** Alerts group by the device: the authority, by its address. */
export function timeStampEvent(
  nowMs: number,
  said: {
    readonly action: TimeStampAction;
    readonly actor?: Actor;
    readonly about: string;
    readonly message: string;
    readonly details: JsonObject;
  },
): AuditEvent {
  const { kind, id, name } = said.actor ?? system;
  const { classUid, event } = auditEvent({
    nowMs,
    actor: { kind, id, name },
    action: said.action,
    classUid: ocsfClass.entityManagement,
    activityId: activities[said.action] ?? 99,
    outcome: bad.has(said.action) ? 'failure' : 'success',
    target: { type: 'time-authority', id: said.about },
    details: said.details,
  });
  return { classUid, event: { ...event, message: said.message, device: { type_id: 0, name: said.about } } };
}
