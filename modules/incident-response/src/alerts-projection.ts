import { comparePositions, ocsfClass } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { LedgerEvent, Projection } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import type { Alert } from './alert.ts';
import { dropFindingsFrom, groupFindings } from './alert-grouping.ts';
import type { Grouped } from './alert-grouping.ts';
import { decodeComment } from './alert-change-event.ts';
import type { CommentText } from './alert-change-event.ts';
import { dropAlertsFrom, insertAlerts, readPlace, writePlace } from './alert-store.ts';
import { dropCommentsFrom, insertComments } from './comments.ts';
import type { PriorityFacts } from './priority.ts';
import { decodeFinding } from './read-finding.ts';
import { suppressFindings } from './suppressions.ts';

/** Counts since the process started. */
export type AlertCounts = {
  readonly created: number;
  /** Findings that went into an alert that was there already. */
  readonly grouped: number;
  /** Of these, made in the state `suppressed`. */
  readonly suppressed: number;
  /** Class 2004 events that are not ours, or cannot be read, or whose key is gone: no alert was made of them. */
  readonly ignored: number;
};

export type AlertsProjectionNeeds = {
  readonly database: Database;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly sealingKey: SealingKey;
  readonly random: (length: number) => Uint8Array;
  readonly facts?: PriorityFacts | undefined;
  /** Called after the commit; a crash in between loses the call, not the alert. Alerts that came back are among them, suppressed ones are not. */
  readonly publish: (alerts: readonly Alert[]) => void;
  /** As `publish`, of an alert that stands for more findings than before. */
  readonly changed: (alert: Alert) => void;
  readonly commentSeen: (comment: CommentText) => void;
};

/** What is read again after a crash when nothing was there for alerts: this long a time of it, which changes nothing. */
const saveCursorEveryMs = 5000;

/**
 * Each finding of ours in one alert, and the place of each comment, exactly once: rows and cursor are committed together, and
 * events before the committed cursor are passed over. The cursor alone is committed now and then.
 */
export function createAlertsProjection(needs: AlertsProjectionNeeds): Projection & { counts(): AlertCounts } {
  const { database, clock } = needs;
  let savedAtMs = -Infinity;
  let created = 0;
  let grouping = 0;
  let suppressed = 0;
  let ignored = 0;

  async function groupedFrom(
    transaction: Transaction,
    events: readonly LedgerEvent[],
    firstNumber: number,
  ): Promise<Grouped & { readonly findings: number }> {
    const found = events.filter(isDetectionFinding).flatMap(({ position, body }) => {
      const stored = body === undefined ? undefined : decodeFinding(body);
      return stored === undefined ? [] : [{ position, finding: stored.finding }];
    });
    const answers = await suppressFindings(
      transaction,
      needs.sealingKey,
      found.map(({ finding }) => finding),
    );
    const grouped = await groupFindings(transaction, {
      found: found.map((one, ordinal) => ({ ...one, isSuppressed: answers[ordinal] === true })),
      sealing: needs,
      firstNumber,
      facts: needs.facts,
    });
    return { ...grouped, findings: found.length };
  }

  return {
    name: 'alerts',
    counts: () => ({ created, grouped: grouping, suppressed, ignored }),
    /** A cursor past the head means the control database is newer than the ledger: alerts of findings that are no more are dropped, numbers are not given again. */
    load(head) {
      return database.transaction().execute(async (transaction) => {
        const place = await readPlace(transaction);
        if (comparePositions(place.cursor, head) <= 0) return { cursor: place.cursor };
        await dropAlertsFrom(transaction, head);
        await dropFindingsFrom(transaction, needs.sealingKey, head);
        await dropCommentsFrom(transaction, head);
        await writePlace(transaction, { ...place, cursor: head });
        return { cursor: head };
      });
    },
    async apply(range) {
      // Most ranges hold nothing for alerts: that they were read need not be on disk, a commit each would keep everybody waiting for it.
      if (!range.events.some(isOfAlerts) && clock.monotonicMs() - savedAtMs < saveCursorEveryMs) return;
      const { made, grown, returned, findings, comments } = await database
        .transaction()
        .execute(async (transaction) => {
          const place = await readPlace(transaction);
          const fresh = range.events.filter((event) => comparePositions(event.position, place.cursor) >= 0);
          const grouped = await groupedFrom(transaction, fresh, place.nextNumber);
          const comments = fresh.flatMap(commentOf);
          await insertAlerts(transaction, needs, grouped.made);
          await insertComments(transaction, comments);
          const cursor = comparePositions(range.to, place.cursor) > 0 ? range.to : place.cursor;
          await writePlace(transaction, { cursor, nextNumber: grouped.nextNumber });
          return { ...grouped, comments };
        });
      savedAtMs = clock.monotonicMs();
      const shown = made.map(({ alert }) => alert).filter(({ state }) => state !== 'suppressed');
      created += made.length;
      grouping += findings - made.length;
      suppressed += made.length - shown.length;
      ignored += range.events.filter(isDetectionFinding).length - findings;
      for (const comment of comments) needs.commentSeen(comment);
      // In the order of their announcements: a reader woken by one reads all.
      const told = [...shown, ...returned].toSorted((one, other) => one.announcement - other.announcement);
      if (told.length > 0) needs.publish(told);
      for (const alert of grown) if (alert.state !== 'suppressed') needs.changed(alert);
    },
  };
}

function commentOf({ classUid, position, body }: LedgerEvent): (CommentText & { position: Position })[] {
  if (classUid !== ocsfClass.entityManagement || body === undefined) return [];
  const comment = decodeComment(body);
  return comment === undefined ? [] : [{ ...comment, position }];
}

function isOfAlerts(event: LedgerEvent): boolean {
  return isDetectionFinding(event) || event.classUid === ocsfClass.entityManagement;
}

function isDetectionFinding(event: LedgerEvent): boolean {
  return event.classUid === ocsfClass.detectionFinding;
}
