import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sql } from 'kysely';
import { originsOf, type KnownRule } from './exception.ts';
import { writeVersion } from './exception-store.ts';
import { hintsOf } from './review.ts';
import {
  accepted,
  administrator,
  alice,
  analyst,
  backup,
  dayMs,
  ofUser,
  processEvent,
  setUp,
  startMs,
  textOf,
} from './rule-exceptions.fixture.ts';
import { openVersion, sealVersion } from './stored-exception.ts';

test('an exception hides the matches it selects and no others, in any case of letters, and counts them', async () => {
  const { exceptions, send, scan, told, ledger } = await setUp();
  const made = await exceptions.create({ text: textOf(), ...accepted });
  assert.equal(made.state, 'active');
  await send([
    backup,
    alice,
    processEvent({ User: 'SVC-Backup' }),
    processEvent({ User: 'svc-backup' }, 'mshta'),
    processEvent({ User: 'svc-backup2' }),
  ]);
  await scan();
  assert.deepEqual(told(), ['r-certutil alice', 'r-mshta svc-backup', 'r-certutil svc-backup2']);
  const { hidden, lastHiddenAtMs, positions, days } = await exceptions.get(made.id);
  assert.deepEqual([hidden, lastHiddenAtMs, days.length], [2, startMs, 1]);
  const first =
    ledger.events().find(({ body }) => new TextDecoder().decode(body).includes('raw_data'))?.position.index ?? 0;
  assert.deepEqual(
    positions.map(({ position }) => position.index),
    [first, first + 2],
  );
  assert.deepEqual([...(await exceptions.hiddenByRule(startMs))], [['r-certutil', 2]]);
});

test('an exception ends with the event received at its end, and when it is withdrawn; an absent field meets no condition', async () => {
  const { exceptions, send, scan, told, clock } = await setUp();
  const made = await exceptions.create({ text: textOf({ untilMs: startMs + 1000 }), ...accepted });
  const condition = 'what:\n  CommandLine: absent\ncondition: what\n';
  const other = await exceptions.create({ text: textOf({ condition }), ...accepted });
  await send([backup]);
  clock.advance(1000);
  await send([backup]);
  await scan();
  assert.deepEqual(told(), ['r-certutil svc-backup']);
  assert.equal((await exceptions.get(made.id)).state, 'expired');
  const seen = { id: other.id, revision: other.revision, by: analyst };
  const again = await exceptions.change({ ...accepted, ...seen, text: textOf({ name: 'again' }) });
  clock.advance(1000);
  await send([backup]);
  clock.advance(1000);
  const withdrawn = await exceptions.withdraw({ ...seen, revision: again.revision, reason: 'over' });
  assert.deepEqual([withdrawn.state, withdrawn.withdrawn?.by.name], ['withdrawn', 'Ada']);
  await send([backup]);
  await scan();
  // What was received before the withdrawal stays hidden, though it was scanned after it.
  assert.deepEqual(told(), ['r-certutil svc-backup', 'r-certutil svc-backup']);
  assert.equal((await exceptions.get(other.id)).hidden, 1);
});

test('a range applied again gives the same findings and the same counts, whatever was changed between', async () => {
  const { exceptions, restart, send, scan, told, database, clock, ledger } = await setUp();
  const made = await exceptions.create({ text: textOf(), ...accepted });
  await send([backup, alice, backup]);
  const { detection } = await restart();
  assert.ok(detection);
  await detection.projection.load(ledger.head());
  await sql`alter table rule_exception_progress rename to rule_exception_progress_away`.execute(database);
  const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
  await assert.rejects(detection.projection.apply(range));
  await sql`alter table rule_exception_progress_away rename to rule_exception_progress`.execute(database);
  const before = told();
  assert.deepEqual(before, ['r-certutil alice']);
  assert.equal((await exceptions.get(made.id)).hidden, 0);
  clock.advance(60_000);
  const after = await restart();
  await after.exceptions.create({ text: textOf({ condition: ofUser('alice') }), ...accepted });
  await after.exceptions.withdraw({ id: made.id, revision: made.revision, by: analyst, reason: 'over' });
  await scan(after.detection);
  assert.deepEqual(told(), before);
  assert.equal((await after.exceptions.get(made.id)).hidden, 2);
});

test('what an exception of a rule hides feeds no correlation; one of a correlation hides its finding alone', async () => {
  const { exceptions, send, scan, told } = await setUp();
  await exceptions.create({ text: textOf(), ...accepted });
  const condition = 'group:\n  User: alice\n  sallyport.events|lte: 3\ncondition: group\n';
  const many = await exceptions.create({ text: textOf({ rules: ['c-many'], condition }), ...accepted });
  await send([backup, backup, backup, alice, alice, alice]);
  await send(Array.from({ length: 3 }, () => processEvent({ User: 'carol' })));
  await scan();
  assert.deepEqual(
    told().filter((one) => one.startsWith('c-many')),
    ['c-many carol'],
  );
  assert.equal(told().filter((one) => one === 'r-certutil alice').length, 3);
  assert.equal((await exceptions.get(many.id)).hidden, 1);
});

test('500 exceptions of one rule and a flood: each match is counted once, places are bounded, one more is refused', async () => {
  const { exceptions, send, scan, told, database } = await setUp();
  const made = await exceptions.create({ text: textOf(), ...accepted });
  const [version] = made.versions;
  assert.ok(version);
  const sealing = { sealingKey: new Uint8Array(32).fill(3), random: randomBytes };
  await database.transaction().execute(async (transaction) => {
    for (let number = 1; number < 500; number += 1) {
      const text = textOf({ condition: ofUser(`svc-${number}`) });
      await writeVersion(transaction, sealing, `exception-${number}`, { ...version, text });
    }
  });
  const full = { code: 'exceptions_exhausted' };
  await assert.rejects(exceptions.create({ text: textOf(), ...accepted }), full);
  await assert.rejects(exceptions.create({ text: textOf(), ...accepted, by: administrator }), full);
  await send([...Array.from({ length: 300 }, () => backup), alice]);
  await scan();
  assert.deepEqual(told(), ['r-certutil alice']);
  const { hidden, positions } = await exceptions.get(made.id);
  assert.deepEqual([hidden, positions.length], [300, 20]);
});

test('what exceptions say is sealed in the control database, and a damaged row hides nothing', async () => {
  const { exceptions, send, scan, told, database, databaseFile } = await setUp();
  const text = textOf({ reason: 'because of Quetzalcoatl', condition: ofUser('tlaloc') });
  const made = await exceptions.create({ text, ...accepted });
  await exceptions.create({ text: textOf(), ...accepted });
  await sql`pragma wal_checkpoint(truncate)`.execute(database);
  const bytes = readFileSync(databaseFile).toString('latin1');
  assert.ok(!/quetzalcoatl|tlaloc/i.test(bytes));
  await sql`update rule_exception_versions set sealed = 'AAAA' where exception_id = ${made.id}`.execute(database);
  await send([processEvent({ User: 'tlaloc' }), backup]);
  await scan();
  assert.deepEqual(told(), ['r-certutil tlaloc']);
  assert.deepEqual((await exceptions.get(made.id)).hints, ['damaged']);
});

test('each change is an audit event with condition and reason; who did not see the newest revision is refused', async () => {
  const { exceptions, audited } = await setUp({ detects: false });
  const made = await exceptions.create({ text: textOf(), ...accepted });
  const seen = { id: made.id, revision: made.revision, by: analyst };
  await exceptions.change({ ...accepted, ...seen, text: textOf({ condition: ofUser('other') }) });
  await assert.rejects(exceptions.change({ ...accepted, ...seen, text: textOf() }), {
    code: 'exception_changed_meanwhile',
  });
  await assert.rejects(exceptions.withdraw({ ...seen, reason: 'x' }), { code: 'exception_changed_meanwhile' });
  await exceptions.withdraw({ ...seen, revision: 2, reason: 'not needed' });
  await assert.rejects(exceptions.withdraw({ ...seen, revision: 3, reason: 'x' }), { code: 'exception_over' });
  assert.match(audited('exception.create')[0] ?? '', /Change 1234.*svc-backup/);
  assert.match(audited('exception.change')[0] ?? '', /User: other/);
  assert.match(audited('exception.withdraw')[0] ?? '', /not needed/);
  const { versions } = await exceptions.get(made.id);
  assert.deepEqual(
    versions.map(({ version, toMs }) => [version, toMs]),
    [
      [2, startMs],
      [1, startMs],
    ],
  );
});

test('a sudden rise is told once a day, as an audit event; what runs out or lies idle is hinted at', async () => {
  const { exceptions, send, scan, audited, clock } = await setUp();
  const made = await exceptions.create({ text: textOf({ untilMs: startMs + 300 * dayMs }), ...accepted });
  await send(Array.from({ length: 24 }, () => backup));
  await scan();
  assert.equal(audited('exception.rise').length, 0);
  await send(Array.from({ length: 10 }, () => backup));
  await scan();
  await send(Array.from({ length: 10 }, () => backup));
  await scan();
  await exceptions.create({ text: textOf({ name: 'another' }), ...accepted });
  assert.equal(audited('exception.rise').length, 1);
  assert.match(audited('exception.rise')[0] ?? '', /"hidden_today":34,"usual_a_day":0/);
  clock.advance(295 * dayMs);
  assert.deepEqual((await exceptions.get(made.id)).hints, ['expires_soon', 'idle']);
});

test('a change keeps to the limits as a new exception does, and one that was over has no place kept; the last places are for administrators', async () => {
  const { exceptions, database, clock } = await setUp({ detects: false });
  const brief = await exceptions.create({ text: textOf({ untilMs: startMs + 1000 }), ...accepted });
  const lasting = await exceptions.create({ text: textOf(), ...accepted });
  const others = 'revision, created_at_ms, to_ms, for_all_rules, condition_bytes, hidden, positions, told_day';
  await sql`
    with recursive series(n) as (select 1 union all select n + 1 from series where n < 449)
    insert into rule_exceptions (id, ${sql.raw(others)})
    select 'one-' || n, ${sql.raw(others)} from rule_exceptions, series where id = ${lasting.id}`.execute(database);
  clock.advance(2000);
  const full = { code: 'exceptions_exhausted' };
  const seen = { id: brief.id, revision: brief.revision, by: analyst };
  await assert.rejects(exceptions.create({ text: textOf(), ...accepted }), full);
  await assert.rejects(exceptions.change({ ...accepted, ...seen, text: textOf() }), full);
  await exceptions.create({ text: textOf(), ...accepted, by: administrator });
  const changed = { ...accepted, ...seen, id: lasting.id, text: textOf({ name: 'still there' }) };
  assert.equal((await exceptions.change(changed)).state, 'active');
  await sql`update rule_exceptions set condition_bytes = ${8 * 1024 * 1024} where id = 'one-1'`.execute(database);
  await assert.rejects(exceptions.change({ ...changed, revision: 2 }), full);
});

test('no exception hides what is done with exceptions, also not one of all rules, nor what counts it', async () => {
  const { exceptions, scan, told, clock } = await setUp({ watches: true });
  const codes = ['all_rules', 'about_us', 'about_self', 'not_tried'] as const;
  const condition =
    'all:\n  metadata.event_code|exists: true\nevents:\n  sallyport.events|gte: 0\ncondition: 1 of them\n';
  const text = textOf({ rules: 'all', user: 'Ada', condition });
  await exceptions.create({ text, accepted: codes, by: administrator });
  for (let count = 0; count < 2; count += 1) {
    clock.advance(1000);
    await exceptions.create({ text: textOf(), ...accepted });
  }
  await scan();
  assert.deepEqual(
    told().map((one) => one.split(' ')[0]),
    ['r-watch', 'r-watch', 'r-watch', 'c-watch'],
  );
});

test('a rule that takes over the id of another is told at the exception, and one that only moved is not', () => {
  const rule = (file: string): ReadonlyMap<string, KnownRule> =>
    new Map([['r', { id: 'r', title: 'R', level: 'high', file }]]);
  const hinted = (before: string, now: string): readonly string[] => {
    const text = textOf({ rules: ['r'] });
    const version = {
      version: 1,
      text,
      fromMs: startMs,
      toMs: undefined,
      madeAtMs: startMs,
      madeBy: { kind: 'user', id: 'a', name: 'A' },
      approvedBy: undefined,
      trial: undefined,
      accepted: [],
    };
    // As it is kept and read again.
    const key = new Uint8Array(32);
    const kept = { ...version, origins: originsOf(text, rule(before)) };
    const sealed = openVersion(key, 'e', 1, sealVersion({ sealingKey: key, random: randomBytes }, 'e', 1, kept));
    assert.ok(sealed);
    return hintsOf(
      {
        state: 'active',
        versions: [{ ...version, ...sealed }],
        createdAtMs: startMs,
        hidden: 0,
        lastHiddenAtMs: undefined,
        isDamaged: false,
      },
      { nowMs: startMs, days: [], rules: rule(now) },
    );
  };
  assert.deepEqual(hinted('bundled/hosts/r.yml', 'bundled/people/r.yml'), []);
  assert.deepEqual(hinted('bundled/hosts/r.yml', 'own/r.yml'), ['rule_from_elsewhere']);
  assert.deepEqual(hinted('packs/one/r.yml', 'packs/two/r.yml'), ['rule_from_elsewhere']);
  assert.deepEqual(hinted('packs/one/a.yml', 'packs/one/b/a.yml'), []);
});
