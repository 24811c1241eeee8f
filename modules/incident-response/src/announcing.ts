import type { Finding } from '@sallyport/contracts';
import type { Alert } from './alert.ts';

/** A finding that joins an alert announces it again when it was last announced, or taken, this long ago. Ledger time. */
export const announceAgainAfterMs = { new: 15 * 60_000, acknowledged: 60 * 60_000 } as const;

/**
 * What ends what went before: a camera that is tampered with or lost again was seen well in between, for two seconds at least.
 * Each time is told, whoever covers a lens once and waits must not have a quiet second go.
 */
const returnsAfterMs = 2000;
const returning: ReadonlySet<string> = new Set(['camera.tampered', 'camera.offline']);

/** Whether a finding that joins `alert` is told as if it were new. */
export function isAnnouncedAgain(alert: Alert, finding: Finding): boolean {
  if (alert.state !== 'new' && alert.state !== 'acknowledged') return false;
  const sinceAnnouncedMs = finding.createdAtMs - alert.announcedAtMs;
  if (isReturn(finding)) return sinceAnnouncedMs >= returnsAfterMs;
  const sinceTouchedMs = finding.createdAtMs - Math.max(alert.announcedAtMs, alert.stateChangedAtMs);
  return sinceTouchedMs >= announceAgainAfterMs[alert.state];
}

/** By what the rule matched, of a camera of ours; correlations count and have windows of their own. */
function isReturn({ matched, entities, related }: Finding): boolean {
  if (related !== undefined || entities?.camera === undefined) return false;
  return matched.some(({ field, value }) => field === 'metadata.event_code' && returning.has(value));
}
