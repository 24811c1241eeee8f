import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { codeOf } from '@sallyport/platform/errors';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import { append, catchUp, findingEvent, firstId, operator, setUp, startMs } from './alerts.fixture.ts';
import { decodeComment } from './alert-change-event.ts';
import { createAlerts } from './alerts.ts';

const rule = { ruleId: 'rule-1', reason: 'planted-reason', actor: operator };

forEachDatabase((name, open) => {
  test(`a comment is read from the ledger, and is gone with its key, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger, needs } = await setUp(database);
    const id = firstId(await append(ledger, [findingEvent()]));
    await catchUp(alerts.projection, ledger);
    await alerts.change({ id, comment: 'planted-comment', actor: operator });
    await alerts.change({ id, state: 'acknowledged', actor: operator });
    assert.deepEqual(
      (await alerts.get(id)).comments.map(({ text, position }) => [text, position]),
      [['planted-comment', undefined]],
    );
    await catchUp(alerts.projection, ledger);
    await catchUp(createAlerts(needs).projection, ledger);
    const { comments } = await alerts.get(id);
    const [comment] = comments;
    assert.deepEqual(comments, [
      { position: comment?.position, atMs: startMs, actor: { id: 'op-1', name: 'Ada' }, text: 'planted-comment' },
    ]);
    const { rows } = await sql`select * from alert_comments`.execute(database);
    assert.equal(rows.length, 1);
    assert.doesNotMatch(JSON.stringify(rows), /planted/);
    assert.ok(comment?.position);
    ledger.erase(comment.position);
    assert.deepEqual((await alerts.get(id)).comments, []);
  });

  test(`an event from outside cannot put a comment on an alert on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const id = firstId(await append(ledger, [findingEvent()]));
    await alerts.projection.apply(await ledger.read({ log: 1, index: 0 }, { maxEvents: 9, maxBytes: 1e6 }));
    await alerts.change({ id, comment: 'ours', actor: operator });
    const ours = ledger.events().find(({ classUid }) => classUid === 3004);
    assert.ok(ours?.body);
    const event: JsonValue = parseJson(new TextDecoder().decode(ours.body));
    assert.ok(isJsonObject(event));
    const forged = new TextEncoder().encode(JSON.stringify({ ...event, raw_data: '{}' }));
    await ledger.append({
      collector: 'intake/x',
      priority: 'intake',
      entries: [{ classUid: 3004, body: forged, sequence: 0 }],
    });
    await catchUp(alerts.projection, ledger);
    assert.equal((await alerts.get(id)).comments.length, 1);
  });

  test(`an assignee is stored, told in the audit event, and refused when unknown, on ${name}`, async () => {
    const { database } = await open();
    const { ledger, needs } = await setUp(database);
    const alerts = createAlerts({ ...needs, assignees: async () => [{ id: 'u-1', name: 'Una' }] });
    assert.deepEqual(await alerts.assignees(), [{ id: 'u-1', name: 'Una' }]);
    const id = firstId(await append(ledger, [findingEvent()]));
    await catchUp(alerts.projection, ledger);
    await assert.rejects(alerts.change({ id, assignee: 'u-2', actor: operator }), { code: 'assignee_unknown' });
    assert.equal((await alerts.change({ id, assignee: 'u-1', actor: operator })).assignee, 'u-1');
    assert.deepEqual(
      (await alerts.list({ limit: 9, assignee: 'u-1' })).map((alert) => alert.id),
      [id],
    );
    assert.deepEqual(await alerts.list({ limit: 9, assignee: null }), []);
    assert.equal((await alerts.change({ id, assignee: null, actor: operator })).assignee, undefined);
    const texts = ledger
      .events()
      .filter(({ classUid }) => classUid === 3004)
      .map(({ body }) => new TextDecoder().decode(body));
    assert.equal(texts.length, 2);
    assert.match(texts[0] ?? '', /"assignee_from":null,"assignee_to":"u-1"/);
    assert.match(texts[1] ?? '', /"assignee_from":"u-1","assignee_to":null/);
  });

  test(`what a closed alert was is kept and audited with its findings, and forgotten when it is reopened, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const positions = await append(ledger, [
      findingEvent(),
      findingEvent({ uid: 'uid-again', createdAtMs: startMs + 1 }),
    ]);
    const id = firstId(positions);
    await catchUp(alerts.projection, ledger);
    await assert.rejects(alerts.change({ id, disposition: 'expected', actor: operator }), { code: 'alert_not_closed' });
    await assert.rejects(alerts.change({ id, state: 'acknowledged', disposition: 'benign', actor: operator }), {
      code: 'alert_not_closed',
    });
    await alerts.change({ id, state: 'closed', disposition: 'expected', actor: operator });
    await alerts.change({ id, disposition: 'false_positive', actor: operator });
    assert.equal((await alerts.get(id)).alert.disposition, 'false_positive');
    const audited = ledger.events().filter(({ classUid }) => classUid === 3004);
    const details = audited.map(({ body }) => {
      const event = parseJson(new TextDecoder().decode(body));
      assert.ok(isJsonObject(event) && isJsonObject(event['unmapped']) && isJsonObject(event['unmapped']['sallyport']));
      return event['unmapped']['sallyport']['details'];
    });
    const [first, second] = positions.map(({ log, index }) => `${log}/${index}`);
    const findings = [second ?? '', first ?? ''];
    assert.deepEqual(details, [
      { from: 'new', to: 'closed', disposition_from: null, disposition: 'expected', finding: first, findings },
      { disposition_from: 'expected', disposition: 'false_positive', finding: first, findings },
    ]);
    await alerts.change({ id, state: 'acknowledged', actor: operator });
    assert.equal((await alerts.get(id)).alert.disposition, undefined);
  });

  test(`a suppressed finding makes a suppressed alert, is counted, and is told to nobody, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const heard: number[] = [];
    alerts.onAlert(({ number }) => heard.push(number));
    const { id } = await alerts.suppressions.create({ ...rule, host: 'PLANTED-host' });
    await append(ledger, [
      findingEvent({ index: 1, host: 'planted-host' }),
      findingEvent({ index: 2, host: 'other' }),
      findingEvent({ index: 3, rule: { id: 'rule-2' } }),
      findingEvent({ index: 4, host: 'planted-host', user: 'planted-other' }),
    ]);
    await catchUp(alerts.projection, ledger);
    const numbers = async (filter: Parameters<typeof alerts.list>[0]) =>
      (await alerts.list(filter)).map(({ number }) => number);
    assert.deepEqual(await numbers({ limit: 9 }), [3, 2]);
    assert.deepEqual(await numbers({ limit: 9, state: 'suppressed' }), [4, 1]);
    assert.deepEqual(heard, [2, 3]);
    assert.deepEqual(
      (await alerts.after(0, 9)).map(({ number }) => number),
      [2, 3],
    );
    assert.equal(alerts.health().suppressed, 2);
    const [suppression] = await alerts.suppressions.list();
    assert.deepEqual([suppression?.hits, suppression?.lastHitAtMs], [2, startMs]);
    assert.deepEqual(
      (await alerts.counts()).toSorted((a, b) => (a.state < b.state ? -1 : 1)),
      [
        { state: 'new', level: 'high', count: 2 },
        { state: 'suppressed', level: 'high', count: 2 },
      ],
    );
    const { rows } = await sql`select * from alert_suppressions`.execute(database);
    assert.doesNotMatch(JSON.stringify(rows), /planted/i);
    await alerts.suppressions.remove({ id, actor: operator });
    await append(ledger, [findingEvent({ index: 5 })]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(await numbers({ limit: 9 }), [5, 3, 2]);
    const [hidden] = await alerts.list({ limit: 1, state: 'suppressed' });
    assert.equal((await alerts.change({ id: hidden?.id ?? '', state: 'new', actor: operator })).state, 'new');
    const actions = ledger
      .events()
      .map(({ body }) => /"event_code":"(\w+\.\w+)"/.exec(new TextDecoder().decode(body))?.[1]);
    assert.deepEqual(
      actions.filter((action) => action !== undefined),
      ['suppression.create', 'suppression.delete', 'alert.update'],
    );
  });

  test(`a suppression by user or field holds back what fits all of it, and nothing else, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const field = { name: 'CommandLine', value: 'CERTUTIL -urlcache planted-command' };
    await alerts.suppressions.create({ ...rule, user: 'PLANTED-user', field });
    await append(ledger, [
      findingEvent({ index: 1 }),
      findingEvent({ index: 2, user: 'another' }),
      findingEvent({ index: 3, matched: [{ field: 'CommandLine', value: 'another' }] }),
      findingEvent({ index: 4, matched: [{ field: 'Image', value: 'certutil -urlcache planted-command' }] }),
    ]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list({ limit: 9 })).map(({ input }) => input.index),
      [4, 3, 2],
    );
    const [listed] = await alerts.suppressions.list();
    assert.deepEqual([listed?.user, listed?.field], ['PLANTED-user', field]);
    const { rows } = await sql`select * from alert_suppressions`.execute(database);
    assert.doesNotMatch(JSON.stringify(rows), /planted/i);
  });

  test(`how long and how wide one may suppress depends on who one is, on ${name}`, async () => {
    const { database } = await open();
    const { alerts } = await setUp(database);
    const dayMs = 86_400_000;
    const as = (scopes: readonly string[], more: object) =>
      alerts.suppressions.create({ ...rule, ...more, actor: { ...operator, scopes } }).then(
        () => 'made',
        (error: unknown) => codeOf(error),
      );
    const guard = ['alerts:write'];
    const analyst = ['alerts:write', 'rules:manage'];
    const admin = [...analyst, 'settings:manage'];
    const inDays = (days: number) => ({ untilMs: startMs + days * dayMs });
    assert.equal(await as(guard, inDays(1)), 'made');
    assert.equal(await as(guard, { host: 'a', ...inDays(1) }), 'made');
    assert.equal(await as(guard, { host: 'a', untilMs: startMs + dayMs + 60_001 }), 'suppression_too_long');
    assert.equal(await as(guard, { host: 'a' }), 'suppression_too_long');
    assert.equal(await as([...guard, 'settings:manage'], {}), 'suppression_too_long');
    assert.equal(await as(analyst, inDays(30)), 'made');
    assert.equal(await as(analyst, { untilMs: startMs + 30 * dayMs + 60_001 }), 'suppression_too_wide');
    assert.equal(await as(analyst, {}), 'suppression_too_wide');
    for (const condition of [{ host: 'a' }, { user: 'a' }, { field: { name: 'a', value: 'b' } }])
      assert.equal(await as(analyst, condition), 'made');
    assert.equal(await as(admin, {}), 'made');
  });

  test(`a suppression ends when it says, and cannot end in the past, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    for (const untilMs of [startMs, Date.parse('2030-12-31T23:59:60Z')])
      await assert.rejects(alerts.suppressions.create({ ...rule, untilMs }), { code: 'suppression_until_past' });
    await alerts.suppressions.create({ ...rule, untilMs: startMs + 1000 });
    await append(ledger, [
      findingEvent({ index: 1, createdAtMs: startMs + 999 }),
      findingEvent({ index: 2, createdAtMs: startMs + 1000 }),
    ]);
    await catchUp(alerts.projection, ledger);
    assert.deepEqual(
      (await alerts.list({ limit: 9 })).map(({ input }) => input.index),
      [2],
    );
    await assert.rejects(alerts.suppressions.remove({ id: 'none', actor: operator }), { code: 'suppression_unknown' });
  });

  test(`applying a range again counts no suppressed finding twice on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await alerts.suppressions.create(rule);
    await append(ledger, [findingEvent()]);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 9, maxBytes: 1e6 });
    await alerts.projection.apply(range);
    await alerts.projection.apply(range);
    assert.equal((await alerts.suppressions.list())[0]?.hits, 1);
  });

  test(`a suppression changed in the database by somebody without the key holds nothing back, and stops nothing, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    await alerts.suppressions.create(rule);
    await sql`update alert_suppressions set id = 'another'`.execute(database);
    await append(ledger, [findingEvent()]);
    await catchUp(alerts.projection, ledger);
    assert.equal((await alerts.list({ limit: 9 })).length, 1);
    const [damaged] = await alerts.suppressions.list();
    assert.deepEqual([damaged?.isDamaged, damaged?.hits], [true, 0]);
    assert.match(damaged?.reason ?? '', /damaged/);
    await alerts.suppressions.remove({ id: 'another', actor: operator });
    assert.deepEqual(await alerts.suppressions.list(), []);
  });

  test(`numberBefore() tells where a reader of the feed stands on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger } = await setUp(database);
    const [, second] = await append(ledger, [findingEvent({ index: 1 }), findingEvent({ index: 2 })]);
    await catchUp(alerts.projection, ledger);
    assert.ok(second);
    assert.deepEqual([await alerts.numberBefore(second), await alerts.numberBefore({ log: 2, index: 0 })], [1, 2]);
    assert.equal(await alerts.numberBefore({ log: 1, index: 0 }), 0);
  });
});

test('no bytes make reading a comment throw', () => {
  for (const text of [
    '',
    'alert.update',
    '{"x":"alert.update"}',
    '{"metadata":{"event_code":"alert.update","log_name":"audit"}}',
  ]) {
    assert.equal(decodeComment(new TextEncoder().encode(text)), undefined);
  }
  assert.equal(decodeComment(new Uint8Array([0xff, 0xfe])), undefined);
});
