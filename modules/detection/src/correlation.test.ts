import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rulesDirectory } from '@sallyport/content';
import { parseFinding, parseJson } from '@sallyport/contracts';
import type { Finding, JsonValue } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { sql } from 'kysely';
import { append, catchUp, setUp } from './detection.fixture.ts';

const base = [
  'title: Failed sign-in',
  'id: r-failed',
  'logsource: { product: sallyport, service: audit }',
  'detection:',
  '    selection:',
  '        metadata.event_code: sign-in.failed',
  '    condition: selection',
].join('\n');
const correlation = [
  'title: Repeated failed sign-ins',
  'id: c-repeated',
  'level: high',
  'correlation:',
  '    type: event_count',
  '    rules: [r-failed]',
  '    group-by: [src_endpoint.ip]',
  '    timespan: 2m',
  '    condition: { gte: 3 }',
].join('\n');

/** As our own audit events are: without `raw_data`. */
function failedSignIn(address: string, more: { readonly [name: string]: JsonValue } = {}): JsonValue {
  return {
    class_uid: 3002,
    metadata: { version: '1.8.0', log_name: 'audit', event_code: 'sign-in.failed' },
    src_endpoint: { ip: address },
    user: { name: 'planted-user' },
    ...more,
  };
}

function findingsIn(ledger: MemoryLedger): Finding[] {
  return ledger.events().flatMap(({ classUid, body }) => {
    if (classUid !== 2004) return [];
    return parseFinding(parseJson(new TextDecoder().decode(body))) ?? assert.fail('a finding of ours does not parse');
  });
}

forEachDatabase((name, open) => {
  async function setUpCorrelation(text = `${base}\n---\n${correlation}`) {
    const { database } = await open();
    const made = await setUp(database);
    made.directory.write('sign-in.yml', text);
    return { ...made, database, detection: await made.restart() };
  }

  test(`three failed sign-ins from one address make one finding that names all three on ${name}`, async () => {
    const { detection, ledger } = await setUpCorrelation();
    const [first, , second, third] = await append(ledger, [
      failedSignIn('192.0.2.7'),
      failedSignIn('192.0.2.8'),
      failedSignIn('192.0.2.7'),
      failedSignIn('192.0.2.7'),
      failedSignIn('192.0.2.7'),
    ]);
    await catchUp(detection.projection, ledger);
    const [finding, ...others] = findingsIn(ledger);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [finding?.rule.id, finding?.level, finding?.title],
      ['c-repeated', 'high', 'Repeated failed sign-ins'],
    );
    assert.deepEqual([finding?.input, finding?.related], [third, [first, second]]);
    assert.deepEqual(finding?.matched, [{ field: 'src_endpoint.ip', value: '192.0.2.7' }]);
    assert.equal(detection.health().correlationGroups, 2);
  });

  test(`a restart between the events neither forgets nor repeats on ${name}`, async () => {
    const { ledger, restart, clock } = await setUpCorrelation();
    for (const step of [0, 30_000, 30_000, 30_000]) {
      clock.advance(step);
      await append(ledger, [failedSignIn('192.0.2.7')]);
      await catchUp((await restart()).projection, ledger);
    }
    assert.equal(findingsIn(ledger).length, 1);
    clock.advance(121_000);
    await append(ledger, [failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7')]);
    await catchUp((await restart()).projection, ledger);
    assert.equal(findingsIn(ledger).length, 1);
  });

  test(`a crash between finding and cursor leads to no second finding, and to no second count, on ${name}`, async () => {
    const { detection, ledger, restart, database } = await setUpCorrelation();
    await append(ledger, [failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7')]);
    await sql`alter table detection_correlation_groups rename to detection_groups_away`.execute(database);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await assert.rejects(detection.projection.apply(range));
    assert.equal(findingsIn(ledger).length, 1);
    const before = ledger.events();
    await sql`alter table detection_groups_away rename to detection_correlation_groups`.execute(database);
    const restarted = await restart();
    await catchUp(restarted.projection, ledger);
    assert.deepEqual(ledger.events(), before);
    // The process that failed goes on from what was saved, too.
    await append(ledger, [failedSignIn('192.0.2.9'), failedSignIn('192.0.2.9')]);
    await catchUp(detection.projection, ledger);
    assert.equal(findingsIn(ledger).length, 1);
  });

  test(`what is told when a window is over is told once, with who and where, whatever dies in between, on ${name}`, async () => {
    const few = correlation.replace('gte: 3', 'lt: 3');
    const above = [
      'title: Few and then nothing',
      'id: c-above',
      'correlation:',
      '    type: event_count',
      '    rules: [c-repeated]',
      '    group-by: [user.name]',
      '    timespan: 1h',
      '    condition: { gte: 1 }',
    ].join('\n');
    const { ledger, restart, clock, database } = await setUpCorrelation(
      `${base}\n---\n${few}\ngenerate: true\n---\n${above}\ngenerate: true`,
    );
    const [first, second] = await append(ledger, [failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7')]);
    await catchUp((await restart()).projection, ledger);
    clock.advance(900_000);
    await append(ledger, [{ class_uid: 6003, metadata: { log_name: 'audit' } }]);
    const detection = await restart();
    const { cursor } = await detection.projection.load(ledger.head());
    await sql`alter table detection_correlation_groups rename to detection_groups_away`.execute(database);
    const range = await ledger.read(cursor, { maxEvents: 100, maxBytes: 1e6 });
    await assert.rejects(detection.projection.apply(range));
    await sql`alter table detection_groups_away rename to detection_correlation_groups`.execute(database);
    const told = () => findingsIn(ledger).filter(({ rule }) => rule.id.startsWith('c-'));
    const before = told();
    await catchUp((await restart()).projection, ledger);
    assert.deepEqual(told(), before);
    assert.deepEqual(
      before.map(({ rule, input, related, matched, user }) => [rule.id, input, related, matched[0]?.value, user]),
      [
        ['c-repeated', second, [first], '192.0.2.7', 'planted-user'],
        ['c-above', second, [first], 'planted-user', 'planted-user'],
      ],
    );
  });

  test(`the control database holds nothing an event said on ${name}`, async () => {
    const { detection, ledger, database } = await setUpCorrelation();
    await append(ledger, [failedSignIn('192.0.2.7')]);
    await catchUp(detection.projection, ledger);
    const { rows } = await sql`select * from detection_correlation_groups`.execute(database);
    assert.equal(rows.length, 1);
    assert.doesNotMatch(JSON.stringify(rows), /192\.0\.2\.7|planted/);
  });

  test(`a control database newer than the ledger counts anew on ${name}`, async () => {
    const { detection, ledger, database } = await setUpCorrelation();
    await append(ledger, [failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7')]);
    await catchUp(detection.projection, ledger);
    await detection.projection.load({ log: 1, index: 1 });
    const { rows } = await sql`select * from detection_correlation_groups`.execute(database);
    assert.deepEqual(rows, []);
  });
});

// What follows does not depend on the engine of the control database.
forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;
  async function findingsOf(text: string, events: readonly JsonValue[]): Promise<readonly string[]> {
    const { database } = await open();
    const { ledger, directory, restart } = await setUp(database);
    directory.write('sign-in.yml', text);
    const detection = await restart();
    await append(ledger, events);
    await catchUp(detection.projection, ledger);
    return findingsIn(ledger).map(({ rule }) => rule.id);
  }
  const whole = `${base}\n---\n${correlation}`;
  const three = [failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7'), failedSignIn('192.0.2.7')];

  test('with generate the rules a correlation uses make findings too; a refused correlation silences nothing', async () => {
    assert.deepEqual(await findingsOf(whole, three), ['c-repeated']);
    const both = await findingsOf(`${whole}\ngenerate: true`, three);
    assert.deepEqual(both.toSorted(), ['c-repeated', 'r-failed', 'r-failed', 'r-failed']);
    const refused = await findingsOf(whole.replace('gte: 3', 'gte: 1001'), three);
    assert.deepEqual(refused, ['r-failed', 'r-failed', 'r-failed']);
  });

  test('three wrong sign-ins in a row at this console fire the bundled correlation, and nothing else does', async () => {
    const { database } = await open();
    const { ledger, restart } = await setUp(database);
    const detection = await restart({ ruleDirectories: [{ name: 'bundled', path: rulesDirectory }] });
    const { refusals } = detection.ruleSet();
    assert.deepEqual(refusals, []);
    const failed = failedSignIn('127.0.0.1', {
      status_id: 2,
      metadata: { version: '1.8.0', log_name: 'audit', event_code: 'session.sign-in' },
    });
    await append(ledger, [failed, failed]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual(findingsIn(ledger), []);
    await append(ledger, [failed]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual(
      findingsIn(ledger).map(({ title, related }) => [title, related?.length]),
      [['Repeated Failed Sign-Ins at the Console', 2]],
    );
  });

  test('a sender cannot make sign-ins of ours up', async () => {
    const forged = three.map((event) => ({
      class_uid: 3002,
      metadata: { log_name: 'audit' },
      raw_data: JSON.stringify(event),
    }));
    assert.deepEqual(await findingsOf(whole, forged), []);
  });

  test('events that come late are counted at the time they claim; a claim of another day counts when it comes', async () => {
    const { database } = await open();
    const { ledger, directory, restart, clock } = await setUp(database);
    directory.write('sign-in.yml', whole);
    const detection = await restart();
    const at = (agoMs: number) => failedSignIn('192.0.2.7', { time: clock.nowMs() - agoMs });
    await append(ledger, [at(0), at(180_000), at(360_000)]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual(findingsIn(ledger), []);
    await append(ledger, [at(100_000), at(60_000)]);
    await catchUp(detection.projection, ledger);
    assert.equal(findingsIn(ledger).length, 1);
    await append(ledger, [at(864e5), at(-864e5)]);
    await catchUp(detection.projection, ledger);
    assert.deepEqual([detection.health().timeClaimsLate, detection.health().timeClaimsAhead], [1, 1]);
  });

  test('a filter in a rule directory keeps what it selects from counting', async () => {
    const filter = [
      'title: The scanner may',
      'logsource: { product: sallyport }',
      'filter:',
      '    rules: [r-failed]',
      '    scanner:',
      '        src_endpoint.ip: 192.0.2.7',
      '    condition: scanner',
    ].join('\n');
    assert.deepEqual(await findingsOf(`${whole}\n---\n${filter}`, three), []);
  });

  test('an event without the field of the grouping counts nowhere', async () => {
    assert.deepEqual(
      await findingsOf(
        whole,
        three.map(() => failedSignIn('', { src_endpoint: {} })),
      ),
      [],
    );
  });

  test('a rule set says what each correlation counts, and what is refused and why', async () => {
    const { database } = await open();
    const { directory, restart } = await setUp(database);
    directory.write('sign-in.yml', whole);
    directory.write('unknown.yml', correlation.replaceAll('c-repeated', 'c-other').replace('r-failed', 'r-none'));
    directory.write('taken.yml', correlation.replace('c-repeated', 'r-failed'));
    const { rules, refusals } = (await restart()).ruleSet();
    const shown = rules.map(({ id, generates, correlation: found }) => [id, generates, found?.ruleIds]);
    assert.deepEqual(shown, [
      ['r-certutil', true, undefined],
      ['r-failed', false, undefined],
      ['c-repeated', true, ['r-failed']],
    ]);
    assert.deepEqual(
      refusals.map(({ file, reason }) => `${file}: ${reason}`),
      [
        'own/taken.yml: Rule id "r-failed" is taken by "own/sign-in.yml", must be unique',
        'own/unknown.yml: Cannot find rule "r-none": it must be loaded, by its id or name',
      ],
    );
  });
});
