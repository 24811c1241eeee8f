import { comparePositions, ocsfClass } from '@sallyport/contracts';
import type { LedgerEvent, Projection } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import { alertFrom } from './alert.ts';
import type { NewAlert } from './alert.ts';
import { dropAlertsFrom, insertAlerts, readPlace, writePlace } from './alert-store.ts';
import { decodeFinding } from './read-finding.ts';

/** Counts since the process started. */
export type AlertCounts = {
  readonly created: number;
  /** Class 2004 events that are not ours, or cannot be read, or whose key is gone: no alert was made of them. */
  readonly ignored: number;
};

/**
 * One alert for each finding of ours, exactly once: rows and cursor are committed together, and events before the
 * committed cursor are passed over. `publish` is called after the commit; a crash in between loses the call, not the alert.
 */
export function createAlertsProjection(
  database: Database,
  publish: (alerts: readonly NewAlert[]) => void,
): Projection & { counts(): AlertCounts } {
  let created = 0;
  let ignored = 0;
  return {
    name: 'alerts',
    counts: () => ({ created, ignored }),
    /** A cursor past the head means the control database is newer than the ledger: alerts of findings that are no more are dropped, numbers are not given again. */
    load(head) {
      return database.transaction().execute(async (transaction) => {
        const place = await readPlace(transaction);
        if (comparePositions(place.cursor, head) <= 0) return { cursor: place.cursor };
        await dropAlertsFrom(transaction, head);
        await writePlace(transaction, { ...place, cursor: head });
        return { cursor: head };
      });
    },
    async apply(range) {
      const alerts = await database.transaction().execute(async (transaction) => {
        const place = await readPlace(transaction);
        const fresh = range.events.filter((event) => comparePositions(event.position, place.cursor) >= 0);
        const alerts = alertsOf(fresh, place.nextNumber);
        await insertAlerts(transaction, alerts);
        const cursor = comparePositions(range.to, place.cursor) > 0 ? range.to : place.cursor;
        await writePlace(transaction, { cursor, nextNumber: place.nextNumber + alerts.length });
        return alerts;
      });
      created += alerts.length;
      ignored += range.events.filter(isDetectionFinding).length - alerts.length;
      if (alerts.length > 0) publish(alerts);
    },
  };
}

function alertsOf(events: readonly LedgerEvent[], firstNumber: number): NewAlert[] {
  const alerts: NewAlert[] = [];
  for (const { position, body } of events.filter(isDetectionFinding)) {
    const stored = body === undefined ? undefined : decodeFinding(body);
    if (stored !== undefined) alerts.push(alertFrom(firstNumber + alerts.length, position, stored.finding));
  }
  return alerts;
}

function isDetectionFinding(event: LedgerEvent): boolean {
  return event.classUid === ocsfClass.detectionFinding;
}
