import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFinding } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { CodedError } from '@sallyport/platform/errors';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import { append, catchUp, finding, findingEvent, firstId, operator, setUp, startMs } from './alerts.fixture.ts';
import { createAlerts } from './alerts.ts';

const everything = { limit: 200 };

forEachDatabase((name, open) => {
  test(`each finding becomes one alert, newest first, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const [first, second] = await append(ledger, [
      findingEvent({ index: 7 }),
      findingEvent({ index: 8, level: 'low' }),
    ]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(await alerts.list(everything), [
      {
        id: '1-1',
        number: 2,
        state: 'new',
        createdAtMs: startMs,
        stateChangedAtMs: startMs,
        title: 'Download with certutil',
        level: 'low',
        ruleId: 'rule-1',
        finding: second,
        input: { log: 1, index: 8 },
        entities: { host: 'planted-host-8', user: 'planted-user' },
        count: 1,
        lastSeenAtMs: startMs,
        lastFinding: second,
        announcement: 2,
        announcedAtMs: startMs,
        revision: 0,
        priority: { value: 20, basis: {} },
      },
      {
        id: '1-0',
        number: 1,
        state: 'new',
        createdAtMs: startMs,
        stateChangedAtMs: startMs,
        title: 'Download with certutil',
        level: 'high',
        ruleId: 'rule-1',
        finding: first,
        input: { log: 1, index: 7 },
        entities: { host: 'planted-host', user: 'planted-user' },
        count: 1,
        lastSeenAtMs: startMs,
        lastFinding: first,
        announcement: 1,
        announcedAtMs: startMs,
        revision: 0,
        priority: { value: 60, basis: {} },
      },
    ]);
  });

  test(`applying a range again, whole, in part, or after a restart, makes no second alert on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger, needs } = await setUp(database);
    await append(
      ledger,
      [1, 2, 3, 4].map((index) => findingEvent({ index })),
    );
    const whole = await ledger.read({ log: 1, index: 0 }, { maxEvents: 10, maxBytes: 1e6 });
    const part = await ledger.read({ log: 1, index: 0 }, { maxEvents: 2, maxBytes: 1e6 });
    await alerts.projection.apply(part);
    await alerts.projection.apply(whole);
    await alerts.projection.apply(part);
    const restarted = createAlerts(needs);
    await catchUp(restarted.projection, ledger);
    const numbers = (await restarted.list(everything)).map(({ number }) => number);
    assert.deepEqual(numbers, [4, 3, 2, 1]);
    assert.deepEqual((await restarted.projection.load(ledger.head())).cursor, whole.to);
  });

  test(`a crash before the commit leaves neither alert nor cursor on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent()]);
    await sql`alter table alerts_cursor rename to alerts_cursor_away`.execute(database);
    await assert.rejects(catchUp(alerts.projection, ledger));
    await sql`alter table alerts_cursor_away rename to alerts_cursor`.execute(database);
    assert.deepEqual(await alerts.list(everything), []);
    await catchUp(alerts.projection, ledger);
    assert.equal((await alerts.list(everything)).length, 1);
  });

  test(`nothing an event said is in the control database on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent()]);
    await catchUp(alerts.projection, ledger);
    const [alert] = await alerts.list(everything);
    await alerts.change({ id: alert?.id ?? '', state: 'closed', comment: 'planted-comment', actor: operator });
    for (const table of ['alerts', 'alerts_cursor', 'alert_findings', 'ledger_outbox']) {
      const { rows } = await sql`select * from ${sql.table(table)}`.execute(database);
      assert.doesNotMatch(JSON.stringify(rows), /planted/);
    }
  });

  test(`who and where goes when the finding or its event was erased, and nobody else's does, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(
      ledger,
      [7, 8, 9].map((index) => findingEvent({ index })),
    );
    await catchUp(alerts.projection, ledger);
    const told: string[] = [];
    alerts.onChange(({ id }) => told.push(id));
    // The finding at 1/0 itself, and the event at 1/9 that the third is about.
    const ranges = [
      { log: 1, from: 9, to: 10 },
      { log: 1, from: 0, to: 1 },
      { log: 2, from: 0, to: 1000 },
    ];
    assert.equal(await alerts.forget(ranges), 2);
    assert.equal(await alerts.forget(ranges), 0);
    const hosts = (await alerts.list({ ...everything, sort: 'made' })).map(({ id, entities }) => [id, entities.host]);
    assert.deepEqual(hosts, [
      ['1-2', undefined],
      ['1-1', 'planted-host-8'],
      ['1-0', undefined],
    ]);
    assert.deepEqual(told.toSorted(), ['1-0', '1-2']);
    assert.equal((await alerts.list({ ...everything, entities: { host: 'planted-host' } })).length, 0);
    assert.equal((await alerts.list({ ...everything, entities: { host: 'planted-host-8' } })).length, 1);
    // What comes later about the same host is an alert of its own: nothing is left to join by.
    await append(ledger, [findingEvent({ index: 7, uid: 'later' })]);
    await catchUp(alerts.projection, ledger);
    assert.equal((await alerts.list(everything)).length, 4);
  });

  test(`garbage, foreign and erased findings make no alert and hold nothing up on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const positions = await append(ledger, [
      new Uint8Array([0xff, 0x00, 0x7b]),
      new TextEncoder().encode('{"class_uid":2004'),
      { class_uid: 2004 },
      { ...findingEvent(), raw_data: '{}' },
      JSON.parse('{"class_uid":2004,"__proto__":{"finding_info":{}}}'),
      findingEvent({ index: 5 }),
      findingEvent({ index: 6 }),
    ]);
    const erased = positions[5];
    assert.ok(erased);
    ledger.erase(erased);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ input }) => input.index),
      [6],
    );
    assert.deepEqual(alerts.health(), { created: 1, grouped: 0, suppressed: 0, ignored: 6, openStreams: 0 });
  });

  test(`get() gives the finding from the ledger, and none once its key is destroyed, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const [position] = await append(ledger, [findingEvent()]);
    assert.ok(position);
    await catchUp(alerts.projection, ledger);
    const id = `1-${position.index}`;
    assert.deepEqual((await alerts.get(id)).stored?.finding, finding());
    ledger.erase(position);
    assert.equal((await alerts.get(id)).stored, undefined);
    await assert.rejects(alerts.get('1-999'), { code: 'alert_unknown' });
  });

  test(`a change of state is in the ledger, with its comment, before change() resolves on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger, clock } = await setUp(database);
    const id = firstId(await append(ledger, [findingEvent()]));
    await catchUp(alerts.projection, ledger);
    clock.advance(5000);
    const change = { id, state: 'acknowledged', comment: 'mine', actor: operator } as const;
    const changed = await alerts.change(change);
    assert.deepEqual([changed.state, changed.stateChangedAtMs], ['acknowledged', startMs + 5000]);
    const audits = ledger.events().filter(({ classUid }) => classUid === 3004);
    assert.equal(audits.length, 1);
    const body: JsonValue = JSON.parse(new TextDecoder().decode(audits[0]?.body));
    assert.match(JSON.stringify(body), /"from":"new","to":"acknowledged".*"comment":"mine"/);
  });

  test(`an invalid transition is refused with a code and leaves neither change nor event on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const id = firstId(await append(ledger, [findingEvent()]));
    await catchUp(alerts.projection, ledger);
    const change = (state: 'new' | 'acknowledged' | 'closed') => alerts.change({ id, state, actor: operator });
    await assert.rejects(change('new'), { code: 'alert_transition_invalid' });
    await change('closed');
    await assert.rejects(change('new'), { code: 'alert_transition_invalid' });
    await assert.rejects(change('closed'), { code: 'alert_transition_invalid' });
    await change('acknowledged');
    await change('new');
    await assert.rejects(alerts.change({ id: '1-999', state: 'closed', actor: operator }), {
      code: 'alert_unknown',
    });
    assert.equal(ledger.events().filter(({ classUid }) => classUid === 3004).length, 3);
  });

  test(`of two people closing one alert at once, one is refused, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const id = firstId(await append(ledger, [findingEvent()]));
    await catchUp(alerts.projection, ledger);
    const close = () => alerts.change({ id, state: 'closed', actor: operator });
    const results = await Promise.allSettled([close(), close()]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.equal(ledger.events().filter(({ classUid }) => classUid === 3004).length, 1);
  });

  test(`what cannot be recorded does not happen on ${name}`, async () => {
    const { database } = await open();
    const { needs, ledger } = await setUp(database);
    const full = () => Promise.reject(new CodedError('full', 'The outbox is full'));
    const alerts = createAlerts({ ...needs, outbox: { record: full, flushed: full } });
    const id = firstId(await append(ledger, [findingEvent()]));
    await catchUp(alerts.projection, ledger);
    const change = alerts.change({ id, state: 'closed', actor: operator });
    await assert.rejects(change, { code: 'full' });
    assert.equal((await alerts.list(everything))[0]?.state, 'new');
  });

  test(`alerts beyond a ledger that was put back are dropped, and their numbers not given again, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent({ index: 1 })]);
    await append(ledger, [findingEvent({ index: 2 })]);
    await catchUp(alerts.projection, ledger);
    const head = { log: 1, index: 1 };
    assert.deepEqual((await alerts.projection.load(head)).cursor, head);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ number }) => number),
      [1],
    );
    await append(ledger, [findingEvent({ index: 3 })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ number, input }) => [number, input.index]),
      [
        [4, 3],
        [3, 2],
        [1, 1],
      ],
    );
  });

  test(`alerts of the next log come after those of the first on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await append(ledger, [findingEvent({ index: 1 })]);
    await catchUp(alerts.projection, ledger);
    ledger.openNextLog();
    await append(ledger, [findingEvent({ index: 2 })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list(everything)).map(({ id }) => id),
      ['2-0', '1-0'],
    );
  });

  test(`list() filters and pages without overlap or gap on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const levels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
    await append(
      ledger,
      levels.map((level, index) =>
        findingEvent({ index, level, rule: { id: `rule-${index % 2}` }, createdAtMs: startMs + index * 1000 }),
      ),
    );
    await catchUp(alerts.projection, ledger);
    const numbers = async (filter: Omit<Parameters<typeof alerts.list>[0], 'limit'> & { limit?: number }) =>
      (await alerts.list({ limit: 200, ...filter })).map(({ number }) => number);
    const placeOf = (number: number) => ({
      number,
      lastSeenAtMs: startMs + (number - 1) * 1000,
      severityId: number,
      rank: 0,
    });
    assert.deepEqual(await numbers({ atLeast: 'high' }), [5, 4]);
    assert.deepEqual(await numbers({ ruleId: 'rule-1' }), [4, 2]);
    assert.deepEqual(await numbers({ sinceMs: startMs + 3000 }), [5, 4]);
    assert.deepEqual(await numbers({ state: 'closed' }), []);
    assert.deepEqual(await numbers({ limit: 2 }), [5, 4]);
    assert.deepEqual(await numbers({ limit: 2, before: placeOf(4) }), [3, 2]);
    assert.deepEqual(await numbers({ limit: 2, before: placeOf(2) }), [1]);
  });

  test(`onAlert() tells each alert after it can be read, until stopped, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const heard: [string, string | undefined][] = [];
    const stop = alerts.onAlert(({ id, entities }) => heard.push([id, entities.host]));
    await append(ledger, [findingEvent()]);
    await catchUp(alerts.projection, ledger);
    stop();
    await append(ledger, [findingEvent({ index: 9 })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(heard, [['1-0', 'planted-host']]);
  });
});

test('the fixture is a finding of ours', () => {
  assert.deepEqual(parseFinding(findingEvent()), finding());
});
