import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachOfEverything } from '@sallyport/platform/http';
import { isJsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import Fastify from 'fastify';
import { lowerHalf, operator, person, setUp } from './watching.fixture.ts';
import type { Watching } from './watching.ts';
import { createWatchingRoutes } from './watching-routes.ts';

async function serve(watching: Watching) {
  const app = Fastify({ ajv: { customOptions: { removeAdditional: false } } });
  app.addHook('onRequest', async (request) => {
    request.principal = operator;
    request.reach = reachOfEverything;
  });
  app.setErrorHandler((error, _request, reply) => reply.code(409).send({ code: Reflect.get(Object(error), 'code') }));
  await app.register(createWatchingRoutes(watching));
  return app;
}

forEachDatabase((name, open) => {
  test(`zones are drawn, read and drawn anew only over what their author saw, on ${name}`, async () => {
    const house = await setUp(await open());
    const app = await serve(await house.start());
    const url = '/v1/cameras/cam-1/zones';
    assert.deepEqual((await app.inject(url)).json(), {
      zones: [],
      time_zone: 'UTC',
      night: { from: '22:00', to: '06:00' },
      revision: 0,
    });
    const schedule = { days: ['sat', 'sun'], from: '18:00', to: '06:30', zone: 'Europe/Berlin' };
    const zones = [{ ...lowerHalf, schedule }];
    const drawn = await app.inject({ method: 'PUT', url, body: { zones, revision: 0 } });
    assert.equal(drawn.statusCode, 200, drawn.body);
    assert.deepEqual((await app.inject(url)).json(), { ...drawn.json(), zones, revision: 1 });
    const late = await app.inject({ method: 'PUT', url, body: { zones: [], revision: 0 } });
    assert.equal(late.json().code, 'zones_changed');
    for (const broken of [
      {
        ...lowerHalf,
        points: [
          [0, 0],
          [2, 0],
          [1, 1],
        ],
      },
      {
        ...lowerHalf,
        points: [
          [0, 0],
          [1, 0],
        ],
      },
      { ...lowerHalf, name: 'two\nlines' },
      { ...lowerHalf, name: 'turned\u202eround' },
      { ...lowerHalf, id: '../x' },
      { ...lowerHalf, kind: 'shoot' },
      { ...lowerHalf, schedule: { days: [], from: '24:00', to: '1:00' } },
    ]) {
      const answer = await app.inject({ method: 'PUT', url, body: { zones: [broken] } });
      assert.equal(answer.json().code, 'FST_ERR_VALIDATION', JSON.stringify(broken));
    }
    assert.equal((await app.inject('/v1/cameras/nobody/zones')).json().code, 'camera_unknown');
    await app.close();
    await house.close();
  });

  if (name !== 'SQLite') return;

  test('moments come newest first in pages, merge what belongs together, and are seen once', async () => {
    const house = await setUp(await open(), { limits: { momentsPerCamera: 4 } });
    const watching = await house.start();
    const app = await serve(watching);
    for (let visit = 0; visit < 6; visit += 1) {
      house.film('cam-1', 2000, { objects: [{ ...person, track: visit + 1 }] });
      house.film('cam-1', 20_000);
      house.film('cam-1', 2000, { objects: [{ ...person, track: visit + 50 }] });
      house.film('cam-1', 200_000);
    }
    await house.told();
    const first = (await app.inject('/v1/cameras/moments?state=open&limit=3')).json();
    const second = (await app.inject(`/v1/cameras/moments?state=open&limit=3&before=${String(first.next)}`)).json();
    const all: readonly unknown[] = [...first.moments, ...second.moments];
    assert.equal(all.length, 4, 'the oldest made room');
    const times = all.map((one) => (isJsonObject(one) ? Number(one['from_ms']) : 0));
    assert.deepEqual(
      times,
      times.toSorted((one, other) => other - one),
    );
    for (const one of all) assert.equal(isJsonObject(one) ? one['count'] : 0, 2, 'two visits in one');
    const [one] = all;
    const id = isJsonObject(one) ? String(one['id']) : '';
    const seen = (await app.inject({ method: 'POST', url: `/v1/cameras/moments/${id}/seen` })).json();
    assert.deepEqual([seen.state, seen.by], ['seen', { id: 'op-1', name: 'Ada' }]);
    await app.inject({ method: 'POST', url: `/v1/cameras/moments/${id}/seen` });
    const records = house.ledger.events().filter(({ body }) => Buffer.from(body ?? []).includes('camera.moment.seen'));
    assert.equal(records.length, 1);
    assert.equal((await app.inject('/v1/cameras/moments?state=open')).json().moments.length, 3);
    assert.equal((await watching.momentsBetween('cam-1', times[0] ?? 0, times[0] ?? 0)).length, 1);
    const nobody = `/v1/cameras/moments/${'0'.repeat(12)}-${'0'.repeat(12)}/seen`;
    assert.equal((await app.inject({ method: 'POST', url: nobody })).json().code, 'moment_unknown');
    await app.close();
    await house.close();
  });
});
