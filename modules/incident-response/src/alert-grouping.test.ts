import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { sql } from 'kysely';
import { groupForMs } from './alert-grouping.ts';
import { append, catchUp, finding, findingEvent, operator, setUp, startMs } from './alerts.fixture.ts';
import { createAlerts } from './alerts.ts';
import { entityTag, groupTag, openEntities, sealEntities } from './entities.ts';

const everything = { limit: 200 };
const host = 'web-1';
const cloud = { identity: 'arn:aws:iam::1:role/admin', account: '1', region: 'eu-central-1' };

forEachDatabase((name, open) => {
  test(`repeated findings of one rule about one entity are one alert, with how often and since when, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const changed: number[] = [];
    alerts.onChange(({ count }) => changed.push(count));
    const positions = await append(ledger, [
      ...[0, 1, 2, 3].map((index) => findingEvent({ index, host, createdAtMs: startMs + index * 1000 })),
      findingEvent({ index: 4, host, user: 'another' }),
      findingEvent({ index: 5, host, rule: { id: 'rule-2' } }),
      findingEvent({ index: 6, host: 'WEB-1', createdAtMs: startMs + 9000 }),
    ]);
    await catchUp(alerts.projection, ledger);
    const list = await alerts.list(everything);
    assert.deepEqual(
      list.map(({ number, count, createdAtMs, lastSeenAtMs }) => [
        number,
        count,
        createdAtMs - startMs,
        lastSeenAtMs - startMs,
      ]),
      [
        [1, 5, 0, 9000],
        [3, 1, 0, 0],
        [2, 1, 0, 0],
      ],
    );
    assert.deepEqual(list[0]?.lastFinding, positions[6]);
    assert.deepEqual(changed.at(-1), 5);
    const { findings } = await alerts.get('1-0');
    assert.deepEqual(
      findings.map(({ position, input }) => [position.index, input.index]),
      [
        [6, 6],
        [3, 3],
        [2, 2],
        [1, 1],
        [0, 0],
      ],
    );
    assert.equal(alerts.health().grouped, 4);
  });

  test(`who tries many names from one address is one alert, and another address another, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const from = (address: string, index: number) =>
      findingEvent({
        index,
        host: `target-${index}`,
        user: `name-${index}`,
        related: [{ log: 1, index: 0 }],
        matched: [{ field: 'src_endpoint.ip', value: address }],
      });
    await append(ledger, [from('192.0.2.1', 1), from('192.0.2.1', 2), from('192.0.2.9', 3), from('192.0.2.1', 4)]);
    await catchUp(alerts.projection, ledger);
    const list = await alerts.list(everything);
    assert.deepEqual(
      list.map(({ count, entities }) => [count, entities.user]),
      [
        [1, 'name-3'],
        [3, 'name-1'],
      ],
    );
  });

  test(`findings of cameras gather by camera, whatever they are called, and show the pictures of the first and the last on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const seen = [
      { camera: 'cam-1', site: 'Plant', picture: 'a'.repeat(64), picture_before: 'b'.repeat(64) },
      { camera: 'cam-2', site: 'Plant', picture: 'c'.repeat(64) },
      { camera: 'cam-1', site: 'Plant', picture: 'd'.repeat(64) },
    ];
    await append(
      ledger,
      seen.map((entities, index) => findingEvent({ index, host: 'Yard', entities })),
    );
    await catchUp(alerts.projection, ledger);
    const list = await alerts.list(everything);
    assert.deepEqual(
      list.map(({ count, entities }) => [count, entities]),
      [
        [1, { host: 'Yard', user: 'planted-user', ...seen[1] }],
        [2, { host: 'Yard', user: 'planted-user', ...seen[0], last_picture: seen[2]?.picture }],
      ],
    );
  });

  test(`findings of a cloud gather by who acted in which account and region on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const bodies = [cloud, cloud, { ...cloud, region: 'us-east-1' }, { ...cloud, source: '192.0.2.1' }].map(
      (entities, index) => {
        const { device: _host, ...body } = findingEvent({ index, entities, user: `session-${index}` });
        return body;
      },
    );
    await append(ledger, bodies);
    await catchUp(alerts.projection, ledger);
    const list = await alerts.list(everything);
    assert.deepEqual(
      list.map(({ count, entities }) => [count, entities.region]),
      [
        [1, 'us-east-1'],
        [3, 'eu-central-1'],
      ],
    );
  });

  test(`findings that name nobody and nowhere stay apart on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(
      ledger,
      [0, 1].map((index) => {
        const { device: _host, actor: _user, ...body } = findingEvent({ index });
        return body;
      }),
    );
    await catchUp(alerts.projection, ledger);
    assert.equal((await alerts.list(everything)).length, 2);
  });

  test(`what comes after an alert was closed, or long after its last finding, is a new alert on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent({ index: 1, host })]);
    await catchUp(alerts.projection, ledger);
    await alerts.change({ id: '1-0', state: 'acknowledged', actor: operator });
    await append(ledger, [findingEvent({ index: 2, host })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ count, state }) => [count, state]),
      [[2, 'acknowledged']],
    );
    await alerts.change({ id: '1-0', state: 'closed', actor: operator });
    await append(ledger, [findingEvent({ index: 3, host })]);
    await append(ledger, [findingEvent({ index: 4, host, createdAtMs: startMs + groupForMs + 1 })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ count, state }) => [count, state]),
      [
        [1, 'new'],
        [1, 'new'],
        [2, 'closed'],
      ],
    );
  });

  test(`a finding that is worse than its alert is a new alert, and one that goes on after somebody took it is new again on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [
      findingEvent({ index: 1, host, level: 'low' }),
      findingEvent({ index: 2, host, level: 'critical' }),
      findingEvent({ index: 3, host, level: 'low' }),
    ]);
    await catchUp(alerts.projection, ledger);
    const shown = async () => (await alerts.list(everything)).map(({ level, count, state }) => [level, count, state]);
    assert.deepEqual(await shown(), [
      ['critical', 2, 'new'],
      ['low', 1, 'new'],
    ]);
    await alerts.change({ id: '1-1', state: 'acknowledged', actor: operator });
    const halfMs = groupForMs / 2;
    for (const part of [1, 2, 3])
      await append(ledger, [findingEvent({ index: 3 + part, host, createdAtMs: startMs + part * halfMs })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(await shown(), [
      ['critical', 5, 'new'],
      ['low', 1, 'new'],
    ]);
  });

  test(`a finding of the log that follows on one that was put back is a new alert on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent({ index: 1, host })]);
    await catchUp(alerts.projection, ledger);
    const body = Buffer.from(JSON.stringify(findingEvent({ index: 1, host })));
    const events = [0, 1].map((index) => ({
      position: { log: 2, index },
      receivedAtMs: startMs,
      classUid: 2004,
      body,
    }));
    await alerts.projection.apply({ from: { log: 2, index: 0 }, to: { log: 2, index: 2 }, events });
    assert.deepEqual(
      (await alerts.list(everything)).map(({ finding, count }) => [finding.log, count]),
      [
        [2, 2],
        [1, 1],
      ],
    );
  });

  test(`ranges applied again, in any cut, count no finding twice on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger, needs } = await setUp(database);
    await append(
      ledger,
      [1, 2, 3, 4, 5].map((index) => findingEvent({ index, host })),
    );
    const read = (maxEvents: number) => ledger.read({ log: 1, index: 0 }, { maxEvents, maxBytes: 1e6 });
    await alerts.projection.apply(await read(2));
    await alerts.projection.apply(await read(5));
    await alerts.projection.apply(await read(2));
    const restarted = createAlerts(needs);
    await catchUp(restarted.projection, ledger);
    assert.deepEqual(
      (await restarted.list(everything)).map(({ count }) => count),
      [5],
    );
  });

  test(`findings of a ledger that was put back are taken out of their alert on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const [first] = await append(ledger, [findingEvent({ index: 1, host, createdAtMs: startMs + 1 })]);
    const [second] = await append(ledger, [findingEvent({ index: 2, host, createdAtMs: startMs + 2 })]);
    const [third] = await append(ledger, [findingEvent({ index: 3, host, createdAtMs: startMs + 3 })]);
    assert.ok(first && second && third);
    await catchUp(alerts.projection, ledger);
    await alerts.projection.load(third);
    const [alert] = await alerts.list(everything);
    assert.deepEqual([alert?.count, alert?.lastSeenAtMs, alert?.lastFinding], [2, startMs + 2, second]);
  });

  test(`suppressed findings gather among themselves and count no open alert up on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent({ index: 1, host })]);
    await catchUp(alerts.projection, ledger);
    await alerts.suppressions.create({ ruleId: 'rule-1', host, reason: 'known', actor: operator });
    await append(ledger, [findingEvent({ index: 2, host }), findingEvent({ index: 3, host })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ count }) => count),
      [1],
    );
    assert.deepEqual(
      (await alerts.list({ ...everything, state: 'suppressed' })).map(({ count }) => count),
      [2],
    );
  });

  test(`alerts are found by whom and what they are about, whole and in any case, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const entities = { source: '192.0.2.7', process: 'C:\\cmd.exe', agent: 'a1b2c3' };
    await append(ledger, [
      findingEvent({ index: 1, entities }),
      findingEvent({ index: 2, level: 'critical', title: '100%_sure \\ thing' }),
      findingEvent({ index: 3, level: 'low' }),
    ]);
    await catchUp(alerts.projection, ledger);
    const numbers = async (filter: Omit<Parameters<typeof alerts.list>[0], 'limit'>) =>
      (await alerts.list({ limit: 200, ...filter })).map(({ number }) => number);
    assert.deepEqual(await numbers({ entities: { host: 'PLANTED-host-1' } }), [1]);
    assert.deepEqual(await numbers({ entities: { host: 'planted-host' } }), []);
    assert.deepEqual(await numbers({ entities: { source: '192.0.2.7', user: 'planted-user' } }), [1]);
    assert.deepEqual(await numbers({ entities: { process: entities.process } }), [1]);
    assert.deepEqual(await numbers({ entities: { agent: 'a1b2c3' } }), [1]);
    assert.deepEqual(await numbers({ entities: { agent: '192.0.2.7' } }), []);
    assert.deepEqual(await numbers({ entities: { user: '192.0.2.7' } }), []);
    assert.deepEqual(await numbers({ text: 'certutil planted-host-3' }), [3]);
    assert.deepEqual(await numbers({ text: 'CERTUTIL' }), [3, 1]);
    assert.deepEqual(await numbers({ text: '%' }), [2]);
    assert.deepEqual(await numbers({ text: '100%_s' }), [2]);
    assert.deepEqual(await numbers({ text: '0_' }), []);
    assert.deepEqual(await numbers({ text: "' or 1=1 --" }), []);
    assert.deepEqual(await numbers({ sort: 'severity' }), [2, 1, 3]);
    assert.deepEqual(
      await numbers({ sort: 'severity', before: { severityId: 5, number: 2, lastSeenAtMs: startMs, rank: 0 } }),
      [1, 3],
    );
    assert.deepEqual(
      await numbers({ sort: 'severity', before: { severityId: 4, number: 1, lastSeenAtMs: startMs, rank: 0 } }),
      [3],
    );
    await assert.rejects(numbers({ text: 'a b c d e f g h i' }), { code: 'alert_filter_invalid' });
  });

  test(`who and where is gone with the key of its finding, and damage takes nothing else away, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const [first] = await append(ledger, [findingEvent({ index: 1 }), findingEvent({ index: 2 })]);
    assert.ok(first);
    await catchUp(alerts.projection, ledger);
    await sql`update alerts set sealed = 'bm90IHNlYWxlZCBieSB1cyBhdCBhbGwgYnV0IGxvbmc=' where number = 2`.execute(
      database,
    );
    const [damaged] = await alerts.list({ limit: 1 });
    assert.deepEqual(damaged?.entities, {});
    ledger.erase(first);
    assert.deepEqual((await alerts.get('1-0')).alert.entities, {});
    const { rows } = await sql`select sealed, host_tag, group_tag from alerts where number = 1`.execute(database);
    assert.deepEqual(rows, [{ sealed: null, host_tag: null, group_tag: null }]);
  });

  test(`of two people taking one alert, the second is told who was faster, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent()]);
    await catchUp(alerts.projection, ledger);
    const told: number[] = [];
    alerts.onChange(({ revision }) => told.push(revision));
    const take = (name: string) =>
      alerts.change({ id: '1-0', assignee: name, revision: 0, actor: { ...operator, id: name, name } });
    const results = await Promise.allSettled([take('planted-ann'), take('planted-ben')]);
    const [winner, loser] =
      results[0]?.status === 'fulfilled' ? ['planted-ann', results[1]] : ['planted-ben', results[0]];
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.ok(loser?.status === 'rejected');
    assert.equal(loser.reason.code, 'alert_changed');
    assert.deepEqual(loser.reason.details.changed_by, { id: winner, name: winner });
    assert.deepEqual([loser.reason.details.assignee, loser.reason.details.revision], [winner, 1]);
    assert.deepEqual(told, [1]);
    const { rows } = await sql`select changed_by from alerts`.execute(database);
    assert.doesNotMatch(JSON.stringify(rows), /planted/);
    await alerts.change({ id: '1-0', state: 'closed', revision: 1, actor: { ...operator, name: 'Ann' } });
    await assert.rejects(alerts.change({ id: '1-0', state: 'closed', actor: operator }), (error: Error) => {
      assert.match(error.message, /by Ann$/);
      return true;
    });
  });
});

test('what is sealed opens with its key in its row alone, and tags tell nothing apart but what differs', () => {
  const key = new Uint8Array(32).fill(1);
  const random = (length: number) => new Uint8Array(length).fill(7);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ minLength: 1 }), (value, other) => {
      const entities = { host: value.toWellFormed(), user: other };
      const sealed = sealEntities({ sealingKey: key, random }, '1-0', entities);
      assert.deepEqual(openEntities(key, '1-0', sealed), entities);
      assert.deepEqual(openEntities(key, '1-1', sealed), {});
      assert.deepEqual(openEntities(new Uint8Array(32), '1-0', sealed), {});
      assert.notEqual(entityTag(key, 'host', value), entityTag(key, 'user', value));
      // Parts do not run into each other.
      assert.notEqual(
        groupTag(key, finding({ host: `${value}"`, user: 'b' })),
        groupTag(key, finding({ host: value, user: '"b' })),
      );
      assert.notEqual(
        groupTag(key, finding(entities)),
        groupTag(key, finding({ ...entities, rule: { id: 'rule-2' } })),
      );
      const related = [{ log: 1, index: 0 }];
      assert.notEqual(
        groupTag(key, finding({ related, matched: [{ field: `a${value}`, value: 'b' }] })),
        groupTag(key, finding({ related, matched: [{ field: 'a', value: `${value}b` }] })),
      );
    }),
  );
  assert.deepEqual(openEntities(key, '1-0', 'nonsense'), {});
});

test('two agents of one person on one host have two alerts, and what no agent did keeps its tag', () => {
  const key = new Uint8Array(32).fill(1);
  const of = (agent: string, session: string) =>
    groupTag(key, finding({ host, user: 'Kim', entities: { agent, agent_session: session } }));
  assert.notEqual(of('claude', '1'), of('codex', '2'));
  assert.equal(of('claude', '1'), of('Claude', '2'));
  assert.equal(groupTag(key, finding({ host, user: 'Kim' })), '0807f6ecca57a98bdb4bf69ec8d32ff6');
  assert.notEqual(groupTag(key, finding({ host, user: 'Kim' })), of('claude', '1'));
});
