import { comparePositions, severityOfLevel } from '@sallyport/contracts';
import type { Finding, Position } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { alertFrom } from './alert.ts';
import type { Alert } from './alert.ts';
import { isAnnouncedAgain } from './announcing.ts';
import { findAlert, openAlertsOf, writeCount, writeEntities, writeNewAgain } from './alert-store.ts';
import type { NewAlert, Sealing } from './alert-store.ts';
import { groupTag } from './entities.ts';
import type { PriorityFacts } from './priority.ts';

type Row = {
  log: number;
  entry_index: number;
  alert_id: string;
  input_log: number;
  input_index: number;
  seen_ms: number;
};
type Tables = { alert_findings: Row };

/** A finding of ours, where it stands, and whether nobody is to be alerted of it. */
export type Found = { readonly position: Position; readonly finding: Finding; readonly isSuppressed: boolean };

/** One finding an alert stands for. */
export type AlertFinding = { readonly position: Position; readonly input: Position; readonly seenAtMs: number };

export type Grouped = {
  readonly made: readonly NewAlert[];
  /** Alerts that were there and stand for more findings now. */
  readonly grown: readonly Alert[];
  /** Those among them that are to be announced again; left out of `grown`. */
  readonly returned: readonly Alert[];
  readonly nextNumber: number;
};

/** A finding this much later than the last one is an alert of its own. Ledger time. */
export const groupForMs = 24 * 3_600_000;
const shownFindings = 100;

/**
 * Puts findings into alerts: into the open one of the same rule about the same entity, or a new one. An alert that was closed
 * is not reopened: what comes after is a new alert, and so is what is more severe. Writes which finding went where and the counts; new alerts are for the caller to insert.
 */
export async function groupFindings(
  transaction: Transaction,
  input: {
    readonly found: readonly Found[];
    readonly sealing: Sealing;
    readonly firstNumber: number;
    readonly facts?: PriorityFacts | undefined;
  },
): Promise<Grouped> {
  const { found, sealing } = input;
  const { sealingKey } = sealing;
  const tagged = found.map((one) => ({
    ...one,
    tag: groupTag(sealingKey, one.finding),
  }));
  const open = await openAlertsOf(
    transaction,
    sealingKey,
    tagged.flatMap(({ tag }) => tag ?? []),
  );
  const made = new Map<string, NewAlert>();
  const grown = new Map<string, Alert>();
  const returned = new Set<string>();
  const rows: Row[] = [];
  let number = input.firstNumber;
  for (const { tag, position, finding, isSuppressed } of tagged) {
    // Suppressed ones gather among themselves.
    const group = tag === null ? undefined : `${isSuppressed}/${tag}`;
    const known = group === undefined ? undefined : open.get(group);
    const isMore = known !== undefined && isMoreOf(known, finding, position);
    const alert = isMore
      ? joined(known, finding, position)
      : alertFrom({ number, position, finding, isSuppressed, facts: input.facts });
    if (!isMore) number += 1;
    if (group !== undefined) open.set(group, alert);
    if (isMore && !made.has(alert.id)) {
      grown.set(alert.id, alert);
      if (isAnnouncedAgain(known, finding)) returned.add(alert.id);
    } else made.set(alert.id, { alert, groupTag: tag });
    rows.push({
      log: position.log,
      entry_index: position.index,
      alert_id: alert.id,
      input_log: finding.input.log,
      input_index: finding.input.index,
      seen_ms: finding.createdAtMs,
    });
  }
  for (let from = 0; from < rows.length; from += 1000) {
    await view(transaction)
      .insertInto('alert_findings')
      .values(rows.slice(from, from + 1000))
      .execute();
  }
  for (const id of returned) {
    const alert = grown.get(id);
    if (alert !== undefined) grown.set(id, { ...alert, announcement: number });
    number += 1;
  }
  for (const alert of grown.values()) {
    await writeCount(transaction, alert);
    if (alert.entities.last_picture !== undefined) await writeEntities(transaction, sealing, alert);
    if (returned.has(alert.id)) await writeNewAgain(transaction, alert);
  }
  const all = [...grown.values()];
  return {
    made: [...made.values()],
    grown: all.filter(({ id }) => !returned.has(id)),
    returned: all.filter(({ id }) => returned.has(id)),
    nextNumber: number,
  };
}

/** What an alert is with one more finding; one that somebody has and that comes back is new again. */
function joined(known: Alert, finding: Finding, position: Position): Alert {
  const { picture, picture_before: before } = finding.entities ?? {};
  const { last_picture_before: _before, ...entities } = known.entities;
  const more = {
    ...known,
    count: known.count + 1,
    lastSeenAtMs: Math.max(known.lastSeenAtMs, finding.createdAtMs),
    lastFinding: position,
    ...(picture === undefined
      ? {}
      : {
          entities: {
            ...entities,
            last_picture: picture,
            ...(before === undefined ? {} : { last_picture_before: before }),
          },
        }),
  };
  if (!isAnnouncedAgain(known, finding)) return more;
  const announced = { ...more, announcedAtMs: finding.createdAtMs };
  if (known.state !== 'acknowledged') return announced;
  const { changedBy: _by, ...rest } = announced;
  return { ...rest, state: 'new', stateChangedAtMs: finding.createdAtMs, revision: known.revision + 1 };
}

/** What is worse is an alert of its own: a flood of harmless findings would make room for it otherwise. */
function isMoreOf(known: Alert, { level, createdAtMs }: Finding, { log }: Position): boolean {
  // A new log begins when a ledger was put back: what the alert was made of may be gone.
  if (log !== known.lastFinding.log) return false;
  if (severityOfLevel(level) > severityOfLevel(known.level)) return false;
  return createdAtMs - known.lastSeenAtMs <= groupForMs;
}

/** The newest findings of an alert, newest first; an alert from before findings were grouped has its own alone. */
export async function findingsOf(database: Database | Transaction, alert: Alert): Promise<AlertFinding[]> {
  const rows = await view(database)
    .selectFrom('alert_findings')
    .selectAll()
    .where('alert_id', '=', alert.id)
    .orderBy('log', 'desc')
    .orderBy('entry_index', 'desc')
    .limit(shownFindings)
    .execute();
  if (rows.length === 0) return [{ position: alert.finding, input: alert.input, seenAtMs: alert.createdAtMs }];
  return rows.map((row) => ({
    position: { log: row.log, index: row.entry_index },
    input: { log: row.input_log, index: row.input_index },
    seenAtMs: row.seen_ms,
  }));
}

/** Takes findings at or after `head` out of the alerts they went into; to be called after alerts that began there are gone. */
export async function dropFindingsFrom(transaction: Transaction, key: SealingKey, head: Position): Promise<void> {
  const tables = view(transaction);
  const rows = await tables
    .selectFrom('alert_findings')
    .select(['alert_id', 'log', 'entry_index'])
    .where('log', '>=', head.log)
    .execute();
  const gone = rows.filter(({ log, entry_index: index }) => comparePositions({ log, index }, head) >= 0);
  const touched = [...new Set(gone.map(({ alert_id: id }) => id))];
  await tables
    .deleteFrom('alert_findings')
    .where((where) =>
      where.or([
        where('log', '>', head.log),
        where.and([where('log', '=', head.log), where('entry_index', '>=', head.index)]),
      ]),
    )
    .execute();
  for (const id of touched) await recount(transaction, key, id);
}

async function recount(transaction: Transaction, key: SealingKey, id: string): Promise<void> {
  const alert = await findAlert(transaction, key, id);
  if (alert === undefined) return;
  const left = await view(transaction)
    .selectFrom('alert_findings')
    .selectAll()
    .where('alert_id', '=', id)
    .orderBy('log')
    .orderBy('entry_index')
    .execute();
  const last = left.at(-1);
  await writeCount(transaction, {
    ...alert,
    count: Math.max(1, left.length),
    lastSeenAtMs: left.reduce((last, { seen_ms: seenAtMs }) => Math.max(last, seenAtMs), alert.createdAtMs),
    lastFinding: last === undefined ? alert.finding : { log: last.log, index: last.entry_index },
  });
}

function view(connection: Database | Transaction) {
  return connection.withTables<Tables>();
}
