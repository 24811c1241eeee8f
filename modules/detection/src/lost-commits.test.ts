// Commits that did not wait for the disk are lost with the power, and at PostgreSQL with its process, while this one goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFinding, parseJson } from '@sallyport/contracts';
import type { JsonObject, Position } from '@sallyport/contracts';
import type { Ledger, Projection } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { createSeededRandom } from '@sallyport/testing/seeded-random';
import { sql } from 'kysely';
import { append, catchUp, setUp } from './detection.fixture.ts';

const base = [
  'title: Sign-in failed',
  'id: r-failed',
  'logsource: { product: sallyport, service: audit }',
  'detection:',
  '    selection:',
  '        metadata.event_code: sign-in.failed',
  '    condition: selection',
].join('\n');
const correlation = (id: string, text: string): string =>
  [`title: ${id}`, `id: ${id}`, 'correlation:', '    rules: [r-failed]', text].join('\n');
const rules = [
  base,
  correlation(
    'c-repeated',
    '    type: event_count\n    group-by: [src_endpoint.ip]\n    timespan: 2m\n    condition: { gte: 3 }',
  ),
  correlation(
    'c-many',
    '    type: value_count\n    group-by: [user.name]\n    timespan: 2m\n    condition: { gte: 3, field: src_endpoint.ip }',
  ),
].join('\n---\n');

const failed = (address: string, user = 'planted'): JsonObject => ({
  class_uid: 3002,
  metadata: { version: '1.8.0', log_name: 'audit', event_code: 'sign-in.failed' },
  src_endpoint: { ip: address },
  user: { name: user },
});

/** What is saved with the cursor in one transaction. */
const savedTables = [
  'detection_correlation_groups',
  'detection_correlation_sources',
  'detection_match_counts',
  'detection_log_sources',
  'detection_cursor',
] as const;
type Rows = Record<string, unknown>[];
type SavedTables = Record<(typeof savedTables)[number], Record<string, unknown>>;
type Copy = ReadonlyMap<(typeof savedTables)[number], Rows>;

async function copyOf(database: Database): Promise<Copy> {
  const copy = new Map<(typeof savedTables)[number], Rows>();
  for (const table of savedTables)
    copy.set(table, (await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(database)).rows);
  return copy;
}

/** As the database comes up again without what was committed since. */
async function putBack(database: Database, copy: Copy): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    for (const [table, rows] of copy) {
      await sql`delete from ${sql.table(table)}`.execute(transaction);
      if (rows.length > 0) await transaction.withTables<SavedTables>().insertInto(table).values(rows).execute();
    }
  });
}

/** What was found in which events, the same finding as often as it is there. */
function findingsIn(ledger: MemoryLedger): readonly string[] {
  return ledger
    .events()
    .flatMap(({ classUid, body }) => {
      if (classUid !== 2004) return [];
      const { rule, input, related = [] } = parseFinding(parseJson(new TextDecoder().decode(body))) ?? {};
      return [JSON.stringify([rule?.id, input, related])];
    })
    .toSorted();
}

/** Goes on as the runner does while nothing fails: it does not load again. */
async function goOn(projection: Projection, ledger: Ledger, from: Position, maxEvents = 100): Promise<Position> {
  for (let cursor = from; ;) {
    const range = await ledger.read(cursor, { maxEvents, maxBytes: 1e6 });
    if (range.to.log === cursor.log && range.to.index === cursor.index) return cursor;
    await projection.apply(range);
    cursor = range.to;
  }
}

forEachDatabase((name, open) => {
  async function world() {
    const { database } = await open();
    const made = await setUp(database);
    made.directory.write('story.yml', rules);
    return { ...made, database, detection: await made.restart() };
  }

  test(`commits lost while detection goes on are noticed, and what they counted is counted again, on ${name}`, async () => {
    // Before the first range: there is no place at all afterwards.
    for (const before of [true, false]) {
      const { database, ledger, detection, restart } = await world();
      const { projection } = detection;
      let { cursor } = await projection.load(ledger.head());
      if (before) {
        await append(ledger, [failed('192.0.2.9')]);
        cursor = await goOn(projection, ledger, cursor);
      }
      const copy = await copyOf(database);
      await append(ledger, [failed('192.0.2.7'), failed('192.0.2.7')]);
      cursor = await goOn(projection, ledger, cursor);
      await putBack(database, copy);
      await append(ledger, [failed('192.0.2.8')]);
      await assert.rejects(goOn(projection, ledger, cursor), { code: 'cursor_moved' });
      assert.deepEqual(await copyOf(database), copy, 'nothing is saved over the gap');
      // As the runner does after a failure.
      await catchUp(projection, ledger);
      await append(ledger, [failed('192.0.2.7')]);
      await catchUp((await restart()).projection, ledger);
      assert.equal(findingsIn(ledger).filter((finding) => finding.includes('c-repeated')).length, 1);
    }
  });

  test(`a cursor that another process moved is not moved back, on ${name}`, async () => {
    const { database, ledger, detection, restart } = await world();
    const { cursor } = await detection.projection.load(ledger.head());
    await append(ledger, [failed('192.0.2.7')]);
    const other = await restart();
    await catchUp(other.projection, ledger);
    const saved = await copyOf(database);
    await append(ledger, [failed('192.0.2.7')]);
    await assert.rejects(goOn(detection.projection, ledger, cursor), { code: 'cursor_moved' });
    assert.deepEqual(await copyOf(database), saved);
  });

  test(`set back by several ranges, detection ends with the same findings, each once, on ${name}`, async () => {
    const random = createSeededRandom(5);
    const story = Array.from({ length: 6 }, () =>
      Array.from({ length: 8 }, () => failed(`192.0.2.${random.between(1, 5)}`, `user-${random.between(1, 4)}`)),
    );
    const { database, ledger, detection, restart } = await world();
    for (const events of story.slice(0, 2)) await append(ledger, events);
    let cursor = await goOn(detection.projection, ledger, (await detection.projection.load(ledger.head())).cursor, 5);
    const copy = await copyOf(database);
    for (const events of story.slice(2, 5)) {
      await append(ledger, events);
      cursor = await goOn(detection.projection, ledger, cursor, 5);
    }
    const before = findingsIn(ledger);
    assert.ok(new Set(before).size === before.length && before.length > 3, `${before.length} findings`);
    // Once with ranges cut as before, then cut otherwise.
    for (const maxEvents of [5, 100, 1]) {
      await putBack(database, copy);
      const restarted = await restart();
      const loaded = await restarted.projection.load(ledger.head());
      assert.ok(loaded.cursor.index < cursor.index, 'the place is that of the copy');
      await goOn(restarted.projection, ledger, loaded.cursor, maxEvents);
      assert.deepEqual(findingsIn(ledger), before);
    }
    await append(ledger, story[5] ?? []);
    await catchUp((await restart()).projection, ledger);
    // One to whom nothing was ever lost finds the same in the same events.
    const calm = await world();
    for (const events of story) {
      await append(calm.ledger, events);
      await catchUp(calm.detection.projection, calm.ledger);
    }
    const rulesOf = (findings: readonly string[]) =>
      findings.map((finding) => finding.slice(0, finding.indexOf(','))).toSorted();
    assert.deepEqual(rulesOf(findingsIn(ledger)), rulesOf(findingsIn(calm.ledger)));
  });
});
