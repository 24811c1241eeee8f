import { actionWords } from '../../../parts/action-words.ts';
import { printable } from '../../../parts/printable.ts';
import type { PrivilegeRequest } from './privileges-query.ts';

/** `1 hour 5 min`, `4:09 min` when it is nearly over. */
export function timeLeft(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return `${minutes}:${String(whole % 60).padStart(2, '0')} min`;
  return span(minutes);
}

export function span(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  const rest = minutes % 60;
  return `${hours} ${hours === 1 ? 'hour' : 'hours'}${rest === 0 ? '' : ` ${rest} min`}`;
}

/** What is asked for: a role, or how much of it. */
export function partWords({
  role_name: role,
  site,
  actions,
}: Pick<PrivilegeRequest, 'role_name' | 'site' | 'actions'>): string {
  const where = site === null ? '' : ` at ${printable(site)}`;
  if (actions === null) return `${role}${where}`;
  return `To ${actions.map(actionWords).join(', ')}${where}, as ${role}`;
}

const states: Readonly<Record<PrivilegeRequest['state'], string>> = {
  pending: 'Waits for approval',
  approved: 'Approved, not begun',
  active: 'In use',
  ended: 'Over',
  denied: 'Denied',
  withdrawn: 'Taken back',
  expired: 'Expired',
};

const reasons: Readonly<Record<string, string>> = {
  time: 'its time was up',
  given_back: 'given back',
  revoked: 'revoked',
  session_ended: 'its session ended',
  device_changed: 'its browser changed',
  risk: 'the risk became too great',
  requester_changed: 'the account or its role changed',
  approver_changed: 'who approved it may not any more',
  rules_changed: 'the rules changed',
  altered: 'somebody changed it in the database',
  unsealed: 'an earlier version of the product wrote it unsealed',
};

export function stateWords(
  request: Pick<PrivilegeRequest, 'state' | 'approvals' | 'needed' | 'ended_because'>,
): string {
  const { state, approvals, needed, ended_because: because } = request;
  if (state === 'pending' && needed > 1) return `${states.pending}: ${approvals} of ${needed}`;
  if (state === 'ended' && because !== null) return `Over: ${reasons[because] ?? because}`;
  return states[state];
}
