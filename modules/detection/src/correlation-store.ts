import { formatPosition, parseJson, parsePosition } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Correlator, CountedMatch, GroupState } from './correlator.ts';

type Tables = {
  detection_correlation_groups: {
    correlation_id: string;
    group_key: string;
    fingerprint: string;
    matches: string;
    last_match_ms: number;
    fired_at_ms: number | null;
  };
};

const rowsPerStatement = 500;

/** Every group that was saved, in the order of their last match. */
export async function readGroups(database: Database): Promise<GroupState[]> {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('detection_correlation_groups')
    .selectAll()
    .orderBy('last_match_ms')
    .execute();
  return rows.map((row) => ({
    correlationId: row.correlation_id,
    fingerprint: row.fingerprint,
    group: row.group_key,
    matches: readMatches(row.matches),
    firedAtMs: row.fired_at_ms ?? undefined,
  }));
}

/** Belongs into the transaction that moves the cursor: what is counted and how far was read are one state. */
export async function saveGroups(
  transaction: Transaction,
  { changed, removed }: ReturnType<Correlator['takeChanges']>,
): Promise<void> {
  const tables = transaction.withTables<Tables>();
  for (const [correlationId, groups] of Map.groupBy([...changed, ...removed], ({ correlationId }) => correlationId)) {
    for (let from = 0; from < groups.length; from += rowsPerStatement) {
      const keys = groups.slice(from, from + rowsPerStatement).map(({ group }) => group);
      await tables
        .deleteFrom('detection_correlation_groups')
        .where('correlation_id', '=', correlationId)
        .where('group_key', 'in', keys)
        .execute();
    }
  }
  for (let from = 0; from < changed.length; from += rowsPerStatement) {
    await tables
      .insertInto('detection_correlation_groups')
      .values(changed.slice(from, from + rowsPerStatement).map(toRow))
      .execute();
  }
}

/** Forgets everything that was counted. */
export async function clearGroups(transaction: Transaction): Promise<void> {
  await transaction.withTables<Tables>().deleteFrom('detection_correlation_groups').execute();
}

function toRow(state: GroupState): Tables['detection_correlation_groups'] {
  return {
    correlation_id: state.correlationId,
    group_key: state.group,
    fingerprint: state.fingerprint,
    matches: JSON.stringify(
      state.matches.map(({ position, receivedAtMs, ruleId, value }) => [
        formatPosition(position),
        receivedAtMs,
        ruleId,
        value,
      ]),
    ),
    last_match_ms: state.matches.at(-1)?.receivedAtMs ?? 0,
    fired_at_ms: state.firedAtMs ?? null,
  };
}

function readMatches(text: string): CountedMatch[] {
  const value: JsonValue | undefined = parseJson(text);
  if (!isList(value)) throw new TypeError('Cannot read the matches of a correlation group: they are no list');
  return value.map((entry) => {
    const [position, receivedAtMs, ruleId, counted] = isList(entry) ? entry : [];
    const parsed = typeof position === 'string' ? parsePosition(position) : undefined;
    if (parsed === undefined || typeof receivedAtMs !== 'number') {
      throw new TypeError('Cannot read a match of a correlation group');
    }
    if (typeof ruleId !== 'string' || typeof counted !== 'string') {
      throw new TypeError('Cannot read a match of a correlation group');
    }
    return { position: parsed, receivedAtMs, ruleId, value: counted };
  });
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
