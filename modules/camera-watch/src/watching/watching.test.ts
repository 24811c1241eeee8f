import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { parseJson } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createEncryptedColumns, encrypted, type Encrypted } from '@sallyport/platform/encrypted-columns';
import { sealRow } from './sealed-row.ts';
import type { WatchingNeeds } from './watching-needs.ts';
import { cameraOf, codeOf, lowerHalf, operator, person, setUp } from './watching.fixture.ts';
import { defaultNight } from './zone.ts';

const covered = { kind: 'covered', score: 0.95 } as const;

/** Every row as the version before encrypted columns left it, and one that does not open. */
async function sealByHand({ database, sealingKey, columnKeys }: WatchingNeeds): Promise<void> {
  const bound = {
    camera_zones: 'camera-zones',
    camera_standings: 'camera-standing',
    camera_moments: 'camera-moment',
  } as const;
  type Row = { id: string; camera_id: string; sealed: Encrypted };
  const columns = createEncryptedColumns<Record<keyof typeof bound, Row>>({
    keys: columnKeys,
    random: randomBytes,
    tables: {
      camera_zones: { row: 'camera_id', columns: { sealed: encrypted() } },
      camera_standings: { row: 'camera_id', columns: { sealed: encrypted() } },
      camera_moments: { row: 'id', columns: { sealed: encrypted() } },
    },
  });
  const stored =
    database.withTables<Record<string, { id?: string; camera_id: string; revision?: number; sealed: string }>>();
  for (const table of ['camera_zones', 'camera_standings', 'camera_moments'] as const) {
    const row = table === 'camera_moments' ? 'id' : 'camera_id';
    for (const { sealed, ...one } of await columns.on(database).selectFrom(table).selectAll().execute()) {
      const former = sealRow({ sealingKey, random: randomBytes }, `${bound[table]}/${one[row]}`, parseJson(sealed));
      await stored.updateTable(table).set({ sealed: former }).where(row, '=', one[row]).execute();
    }
  }
  await stored.insertInto('camera_zones').values({ camera_id: 'cam-9', revision: 1, sealed: 'AAAA' }).execute();
}

forEachDatabase((name, open) => {
  test(`a person is told once when it comes and once when it is gone, on ${name}`, async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    house.film('cam-1', 10_000, { objects: [person] });
    house.film('cam-1', 10_000);
    const [connected, appeared, left, ...more] = await house.told();
    assert.deepEqual(
      [connected, appeared, left].map((event) => codeOf(event ?? {})),
      ['camera.connected', 'camera.appeared', 'camera.left'],
    );
    assert.deepEqual(more, []);
    const { picture, ...said } = cameraOf(appeared);
    assert.match(String(picture), /^[0-9a-f]{64}$/);
    assert.deepEqual(said, {
      id: 'cam-1',
      name: 'Yard',
      place: 'Gate',
      site: 'Plant',
      sighting: 1,
      label: 'person',
      class: 'person',
      confidence: 'usual',
      score: 0.8,
      watched: false,
      night: false,
      since_ms: house.needs.clock.nowMs() - 19_800,
      model: 'test',
    });
    assert.equal(appeared?.['raw_data'], undefined);
    assert.ok(Number(cameraOf(left)['dwell_ms']) >= 9000);
    const [moment] = await watching.moments({ limit: 5 });
    assert.deepEqual(
      [moment?.kind, moment?.label, moment?.state, moment?.picture],
      ['appeared', 'person', 'open', picture],
    );
    await house.close();
  });

  if (name !== 'SQLite') return;

  test('a lens that is covered is told within half a second, with the picture and the one from before', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    house.film('cam-1', 3000);
    const atMs = house.clock.nowMs();
    const clear = house.shoot('cam-1');
    house.film('cam-1', 400, { tamper: covered });
    const tampered = (await house.told()).find((event) => codeOf(event) === 'camera.tampered');
    assert.equal(cameraOf(tampered)['tamper'], 'covered');
    assert.ok(Number(tampered?.['time']) - atMs <= 500);
    assert.match(String(cameraOf(tampered)['picture']), /^[0-9a-f]{64}$/);
    assert.match(String(cameraOf(tampered)['picture_before']), /^[0-9a-f]{64}$/);
    assert.notEqual(cameraOf(tampered)['picture'], cameraOf(tampered)['picture_before']);
    assert.notEqual(cameraOf(tampered)['picture'], clear);
    assert.equal(watching.tamperOf('cam-1'), 'covered');
    house.film('cam-1', 5000, { tamper: { kind: 'moved', score: 0.9 } });
    house.film('cam-1', 5000);
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.tampered', 'camera.restored']);
    assert.deepEqual(cameraOf(events[2])['tampers'], ['covered', 'moved']);
    assert.equal(watching.tamperOf('cam-1'), undefined);
    await house.close();
  });

  test('the picture from before is a clear one, also soon after what was done before, and where there is none that is said', async () => {
    const house = await setUp(await open());
    await house.start();
    const black = { kind: 'black', score: 0.9 } as const;
    // Black from the first picture on: judged, and no view was learnt.
    house.film('cam-2', 3000, { learnt: false });
    house.film('cam-2', 1000, { learnt: false, tamper: black });
    const clear: string[] = [];
    for (let at = 0; at < 20; at += 1) {
      house.clock.advance(200);
      clear.push(house.shoot('cam-1'));
    }
    house.film('cam-1', 4000, { tamper: { kind: 'replayed', score: 0.9 } });
    house.film('cam-1', 2400);
    house.film('cam-1', 1000, { tamper: black });
    const told = (await house.told()).filter((event) => codeOf(event) === 'camera.tampered');
    assert.deepEqual(
      told.map((event) => [cameraOf(event)['id'], cameraOf(event)['tamper']]),
      [
        ['cam-2', 'black'],
        ['cam-1', 'replayed'],
        ['cam-1', 'black'],
      ],
    );
    const [first, second, third] = told.map((event) => cameraOf(event)['picture_before']);
    assert.equal(first, undefined);
    assert.match(String(told[0]?.['message']), /there is no clear picture from before$/);
    assert.ok(clear.includes(String(second)));
    assert.ok(clear.includes(String(third)));
    assert.doesNotMatch(String(told[2]?.['message']), /no clear picture/);
    await house.close();
  });

  test('a view that was changed on purpose is accepted, with who did and the picture, and nothing else is', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    house.film('cam-1', 3000);
    house.film('cam-1', 2000, { tamper: { kind: 'moved', score: 0.9 } });
    let shown = house.shoot('cam-1', { tamper: { kind: 'moved', score: 0.9 } });
    const accept = (tampered: 'moved' | 'covered' | undefined) =>
      watching.acceptView({ cameraId: 'cam-1', tampered, actor: operator });
    // Somebody covered it while its page was looked at, or it is clear again: what was looked at is not what is there.
    await assert.rejects(accept('covered'), { code: 'view_changed' });
    await assert.rejects(accept(undefined), { code: 'view_changed' });
    // Told as moved, and covered since.
    house.shoot('cam-1', { tamper: { kind: 'black', score: 0.9 } });
    await assert.rejects(accept('moved'), { code: 'view_changed', details: { tampered: 'black' } });
    shown = house.shoot('cam-1', { tamper: { kind: 'moved', score: 0.9 } });
    await assert.rejects(watching.acceptView({ cameraId: 'cam-9', tampered: undefined, actor: operator }), {
      code: 'camera_unknown',
    });
    assert.deepEqual(house.learntAnew, []);
    assert.equal(await accept('moved'), 'moved');
    assert.deepEqual([house.learntAnew, watching.tamperOf('cam-1')], [['cam-1'], undefined]);
    const restored = (await house.told()).at(-1);
    assert.deepEqual([codeOf(restored ?? {}), cameraOf(restored)['why']], ['camera.restored', 'view_accepted']);
    const audited = house.ledger
      .events()
      .map(({ body }) => Buffer.from(body ?? []).toString('utf8'))
      .filter((text) => text.includes('camera.view.accept'));
    assert.equal(audited.length, 1);
    assert.ok(audited[0]?.includes(shown) && audited[0].includes('Ada') && audited[0].includes('"tampered":"moved"'));
    await house.close();
  });

  test('a lens that is covered while the picture of the view is being kept is not accepted with it', async () => {
    const house = await setUp(await open(), {
      savePicture: async () => {
        for (let picture = 0; picture < 3; picture += 1) {
          house.clock.advance(200);
          house.shoot('cam-1', { tamper: { kind: 'covered', score: 0.9 } });
        }
        return 'a'.repeat(64);
      },
    });
    const watching = await house.start();
    house.film('cam-1', 3000);
    await assert.rejects(watching.acceptView({ cameraId: 'cam-1', tampered: undefined, actor: operator }), {
      code: 'view_changed',
    });
    assert.deepEqual([house.learntAnew, watching.tamperOf('cam-1')], [[], 'covered']);
    await house.close();
  });

  test('an open tamper is neither told again nor lost by a restart', async () => {
    const house = await setUp(await open());
    const first = await house.start();
    house.film('cam-1', 1000);
    house.film('cam-1', 1000, { tamper: covered });
    await house.told();
    await first.close();
    const second = await house.start();
    assert.equal(second.health().tampered, 1);
    house.film('cam-1', 3000, { tamper: covered });
    assert.deepEqual(await house.codes(), ['camera.connected', 'camera.tampered']);
    house.film('cam-1', 5000);
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.tampered', 'camera.restored']);
    assert.equal(cameraOf(events[2])['after_restart'], true);
    await house.close();
  });

  test('a person who stood there before a restart is not told twice, and leaves once', async () => {
    const house = await setUp(await open());
    const first = await house.start();
    house.film('cam-1', 2000, { objects: [person] });
    await house.told();
    await first.close();
    await house.start();
    house.film('cam-1', 3000, { objects: [{ ...person, track: 9 }] });
    house.film('cam-1', 10_000);
    assert.deepEqual(await house.codes(), ['camera.connected', 'camera.appeared', 'camera.left']);
    await house.close();
  });

  test('while the ledger takes nothing, and across a restart, what was seen waits and is told once', async () => {
    const opened = await open();
    const house = await setUp(opened);
    const first = await house.start();
    house.down.is = true;
    house.film('cam-1', 1000);
    house.film('cam-1', 1000, { tamper: covered });
    assert.deepEqual(await house.codes(), []);
    await first.close();
    house.down.is = false;
    await house.start();
    house.film('cam-1', 5000);
    assert.deepEqual(await house.codes(), ['camera.connected', 'camera.tampered', 'camera.restored']);
    await house.close();
  });

  test('while the control database takes nothing notices wait, and those beyond the bound are counted and told', async () => {
    const opened = await open();
    const broken = { is: true };
    const house = await setUp(opened, { limits: { waiting: 2 } });
    const whole = house.needs.outbox;
    Object.assign(house.needs, {
      outbox: {
        ...whole,
        record: (...given: Parameters<typeof whole.record>) =>
          broken.is ? Promise.reject(new TypeError('Cannot write: no disk')) : whole.record(...given),
      },
    });
    await house.start();
    house.film('cam-1', 1000);
    house.film('cam-1', 1000, { tamper: covered });
    house.film('cam-1', 5000);
    house.film('cam-1', 1000, { tamper: covered });
    assert.deepEqual(await house.codes(), []);
    broken.is = false;
    house.tick();
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.tampered', 'camera.untold']);
    assert.equal(cameraOf(events[2])['untold'], 2);
    await house.close();
  });

  test('a zone is watched from when it is drawn, by its schedule, and the change is on record', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    const schedule = { days: [], from: '13:00', to: '06:00' };
    const plan = { zones: [{ ...lowerHalf, schedule }], timeZone: 'UTC', night: defaultNight };
    await watching.changePlan({ cameraId: 'cam-1', plan, actor: operator });
    await assert.rejects(watching.changePlan({ cameraId: 'cam-1', plan, revision: 0, actor: operator }), {
      code: 'zones_changed',
    });
    house.film('cam-1', 2000, { objects: [person] });
    house.clock.advance(3_600_000);
    house.film('cam-1', 2000, { objects: [person] });
    const seen = (await house.told()).filter((event) => codeOf(event) === 'camera.appeared').map(cameraOf);
    assert.deepEqual(
      seen.map(({ zone, watched }) => [zone, watched]),
      [
        ['Yard', false],
        ['Yard', true],
      ],
    );
    const audit = house.ledger.events().map(({ body }) => Buffer.from(body ?? []).toString('utf8'));
    assert.ok(audit.some((text) => text.includes('camera.zones.change') && text.includes('13:00')));
    await house.close();
  });

  test('a camera that falls silent is told once, with how many others of its site go on; one that says goodbye is announced', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    for (let second = 0; second < 5; second += 1) for (const id of ['cam-1', 'cam-2', 'cam-3']) house.film(id, 1000);
    for (let second = 0; second < 40; second += 1) for (const id of ['cam-2', 'cam-3']) house.film(id, 1000);
    await watching.depart('cam-3', 'revoked');
    const offline = (await house.told()).filter((event) => codeOf(event) === 'camera.offline').map(cameraOf);
    assert.deepEqual(
      offline.map(({ id, announced, why, others_live }) => [id, announced, why, others_live]),
      [
        ['cam-1', false, 'silent', 1],
        ['cam-3', true, 'revoked', 0],
      ],
    );
    await house.close();
  });

  test('a camera whose page is closed is missed as one that falls silent: nobody announced it', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    house.film('cam-1', 3000);
    await watching.depart('cam-1', 'page_closed');
    house.quiet(60_000);
    const offline = (await house.told()).filter((event) => codeOf(event) === 'camera.offline').map(cameraOf);
    assert.deepEqual(
      offline.map(({ announced, why }) => [announced, why]),
      [[false, 'silent']],
    );
    await house.close();
  });

  test('a camera that comes and says goodbye over and over is told so often and no more, and its last goodbye in the end', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    for (let again = 0; again < 60; again += 1) {
      house.film('cam-1', 200);
      await watching.depart('cam-1', 'said_goodbye');
    }
    house.quiet(300_000);
    const codes = await house.codes();
    assert.ok(codes.length <= 24, `${codes.length}`);
    const offline = (await house.told()).filter((event) => codeOf(event) === 'camera.offline').map(cameraOf);
    assert.ok(offline.every(({ announced, why }) => announced === true && why === 'said_goodbye'));
    assert.equal(codes.at(-1), 'camera.offline');
    await house.close();
  });

  test('time this server slept is no silence of a camera', async () => {
    const house = await setUp(await open());
    await house.start();
    house.film('cam-1', 3000);
    house.tick();
    house.clock.advance(600_000);
    house.tick();
    house.film('cam-1', 3000);
    assert.deepEqual(await house.codes(), ['camera.connected']);
    await house.close();
  });

  test('a camera that was there before a restart and does not come back is missed', async () => {
    const house = await setUp(await open());
    const first = await house.start();
    house.film('cam-1', 3000);
    await house.told();
    await first.close();
    await house.start();
    house.quiet(50_000);
    assert.deepEqual(await house.codes(), ['camera.connected']);
    house.quiet(30_000);
    assert.deepEqual(await house.codes(), ['camera.connected', 'camera.offline']);
    await house.close();
  });

  test('a wall clock that goes back changes no order and makes no negative time', async () => {
    const house = await setUp(await open());
    await house.start();
    house.film('cam-1', 2000, { objects: [person] });
    house.clock.setWall(house.clock.nowMs() - 7_200_000);
    house.film('cam-1', 2000, { objects: [person] });
    house.film('cam-1', 10_000);
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.appeared', 'camera.left']);
    assert.ok(Number(cameraOf(events[2])['dwell_ms']) >= 0);
    await house.close();
  });

  test('names that are markup, formulas or lines stay text in their own fields', async () => {
    const house = await setUp(await open());
    const hostile = '=HYPERLINK("x")<img src=x onerror=alert(1)>\r\nraw_data: {"class_uid":2004}';
    house.cameras.set('cam-1', { id: 'cam-1', name: hostile, site: hostile });
    await house.start();
    house.film('cam-1', 2000, { objects: [person] });
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.appeared']);
    for (const event of events) {
      assert.equal(cameraOf(event)['name'], hostile);
      assert.equal(String(event['message']).includes('\n'), false);
      assert.equal(event['class_uid'], 0);
      assert.equal(event['raw_data'], undefined);
    }
    await house.close();
  });

  test('an event whose picture cannot be kept, or takes too long, is told without it', async () => {
    const house = await setUp(await open(), {
      savePicture: async () => new Promise(() => undefined),
      delay: async () => undefined,
    });
    await house.start();
    house.film('cam-1', 1000, { tamper: covered });
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.tampered']);
    assert.equal(cameraOf(events[1])['picture'], undefined);
    await house.close();
  });

  test('pictures of what is no camera are passed over, and of a removed one only its moments stay', async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    house.film('cam-9', 1000, { objects: [person] });
    assert.deepEqual(await house.codes(), []);
    assert.throws(() => watching.plan('cam-9'), { code: 'camera_unknown' });
    house.film('cam-1', 1000, { tamper: covered });
    await watching.depart('cam-1', 'removed');
    house.cameras.delete('cam-1');
    assert.deepEqual(watching.health(), { cameras: 0, tampered: 0, waiting: 0 });
    assert.equal((await watching.moments({ limit: 9 })).length, 1);
    await house.close();
  });

  test(`what an earlier version sealed by hand is taken over, and damaged rows harm no other, on ${name}`, async () => {
    const { database } = await open();
    const house = await setUp({ database });
    const watching = await house.start();
    const plan = { zones: [{ ...lowerHalf, name: 'Strip' }], timeZone: 'UTC', night: defaultNight };
    await watching.changePlan({ cameraId: 'cam-1', plan, actor: operator });
    house.film('cam-1', 2000, { objects: [person] });
    await house.told();
    const before = await watching.moments({ limit: 9 });
    assert.ok(before.length > 0);
    await watching.close();
    await sealByHand(house.needs);
    const again = await house.start();
    assert.deepEqual(await again.moments({ limit: 9 }), before);
    assert.deepEqual(
      again.plan('cam-1').plan.zones.map((zone) => zone.name),
      ['Strip'],
    );
    const stored = await database
      .withTables<{ camera_moments: { sealed: string } }>()
      .selectFrom('camera_moments')
      .selectAll()
      .execute();
    for (const { sealed } of stored) assert.match(sealed, /^sealed1\.1\./);
    await house.close();
  });

  test('whoever reads the control database reads no names, labels or zones', async () => {
    const { database } = await open();
    const house = await setUp({ database });
    const watching = await house.start();
    const plan = { zones: [{ ...lowerHalf, name: 'Secret strip' }], timeZone: 'UTC', night: defaultNight };
    await watching.changePlan({ cameraId: 'cam-1', plan, actor: operator });
    house.film('cam-1', 2000, { objects: [person] });
    await house.told();
    for (const table of ['camera_zones', 'camera_standings', 'camera_moments']) {
      const rows = await database.withTables<Record<string, object>>().selectFrom(table).selectAll().execute();
      assert.ok(rows.length > 0, table);
      const text = JSON.stringify(rows);
      // Not as a piece of something longer: what is sealed may spell a short word by chance.
      assert.doesNotMatch(text, /Secret strip|person|[^\w+/]Yard[^\w+/=]/, table);
    }
    await house.close();
  });
});
