import { severityOfLevel } from '@sallyport/contracts';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { sql } from 'kysely';
import type { Alert } from './alert.ts';
import { listPlace } from './alert-filter.ts';
import { fromRow, view } from './alert-store.ts';
import type { AlertFilter, Connection } from './alert-store.ts';
import { entityTag, taggedNames } from './entities.ts';
import { AlertError } from './errors.ts';

/** By the last finding, newest first; or of highest priority first, or most severe, and then so; or last made first. */
export async function listAlerts(connection: Connection, key: SealingKey, filter: AlertFilter): Promise<Alert[]> {
  const { isShown, limit } = filter;
  if (isShown === undefined) return listPage(connection, key, filter);
  // Where an alert is stands sealed in its row: the database cannot choose by it.
  const shown: Alert[] = [];
  let { before } = filter;
  for (let page = 0; page < maxPages && shown.length < limit; page += 1) {
    const read = await listPage(connection, key, {
      ...filter,
      limit: pageSize,
      ...(before === undefined ? {} : { before }),
    });
    shown.push(...read.filter(isShown));
    const last = read.at(-1);
    if (last === undefined || read.length < pageSize) break;
    before = listPlace(last);
  }
  return shown.slice(0, limit);
}

/** Looked through for somebody who may see the alerts of some sites only: so many, and no more. */
const maxPages = 100;
const pageSize = 200;

async function listPage(connection: Connection, key: SealingKey, filter: AlertFilter): Promise<Alert[]> {
  let query = view(connection).selectFrom('alerts').selectAll().limit(filter.limit);
  const bySeverity = filter.sort === 'severity';
  const byPriority = filter.sort === 'priority';
  if (bySeverity) query = query.orderBy('severity_id', 'desc');
  if (byPriority) query = query.orderBy('rank', 'desc');
  if (filter.sort !== 'made') query = query.orderBy('last_seen_ms', 'desc');
  query = query.orderBy('number', 'desc');
  query =
    filter.state === undefined ? query.where('state', '!=', 'suppressed') : query.where('state', '=', filter.state);
  if (filter.assignee === null) query = query.where('assignee', 'is', null);
  else if (filter.assignee !== undefined) query = query.where('assignee', '=', filter.assignee);
  if (filter.atLeast !== undefined) query = query.where('severity_id', '>=', severityOfLevel(filter.atLeast));
  if (filter.ruleId !== undefined) query = query.where('rule_id', '=', filter.ruleId);
  if (filter.sinceMs !== undefined) query = query.where('last_seen_ms', '>=', filter.sinceMs);
  if (filter.untilMs !== undefined) query = query.where('created_at_ms', '<', filter.untilMs);
  for (const name of taggedNames) {
    const wanted = filter.entities?.[name];
    if (wanted !== undefined) query = query.where(`${name}_tag`, '=', entityTag(key, name, wanted));
  }
  for (const word of wordsOf(filter.text)) {
    const pattern = `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    query = query.where((where) =>
      where.or([
        sql<boolean>`lower(title) like ${pattern} escape '\\'`,
        where('rule_id', '=', word),
        ...taggedNames.map((name) => where(`${name}_tag`, '=', entityTag(key, name, word))),
      ]),
    );
  }
  const { before } = filter;
  if (before !== undefined) {
    // Each part decides where those before it are the same.
    const parts = [
      ...(bySeverity ? [['severity_id', before.severityId] as const] : []),
      ...(byPriority ? [['rank', before.rank] as const] : []),
      ...(filter.sort === 'made' ? [] : [['last_seen_ms', before.lastSeenAtMs] as const]),
      ['number', before.number] as const,
    ];
    query = query.where((where) =>
      where.or(
        parts.map(([name, value], at) =>
          where.and([...parts.slice(0, at).map(([same, held]) => where(same, '=', held)), where(name, '<', value)]),
        ),
      ),
    );
  }
  return (await query.execute()).map((row) => fromRow(key, row));
}

const maxWords = 8;

function wordsOf(text = ''): string[] {
  const words = text
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '');
  if (words.length > maxWords) {
    throw new AlertError(
      'alert_filter_invalid',
      `Cannot list alerts: q has ${words.length} words, must have at most ${maxWords}`,
    );
  }
  return words;
}
