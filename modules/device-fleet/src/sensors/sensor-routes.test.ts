import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import Fastify from 'fastify';
import { createPlayedSensor, operator, setUp } from './sensors.fixture.ts';
import { createSensorRoutes } from './sensor-routes.ts';

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('sensors are listed in pages, read, and retired; what is no id is refused', async () => {
    const server = await setUp(await open());
    for (const host of ['a', 'b', 'c'])
      await server.receive([createPlayedSensor({ nowMs: server.nowMs, host }).beat()], { source: `host-${host}` });
    const app = Fastify();
    app.addHook('onRequest', async (request) => {
      request.principal = operator;
    });
    app.setErrorHandler((error, _request, reply) => reply.code(409).send({ code: Reflect.get(Object(error), 'code') }));
    await app.register(createSensorRoutes(server.sensors));
    const first = (await app.inject('/v1/sensors?limit=2')).json();
    const second = (await app.inject(`/v1/sensors?limit=2&after=${String(first.next)}`)).json();
    const all: readonly unknown[] = [...first.sensors, ...second.sensors];
    assert.deepEqual(new Set(all.map((one) => (isJsonObject(one) ? one['host'] : ''))), new Set(['a', 'b', 'c']));
    assert.equal(all.length, 3);
    assert.equal(second.next, undefined);
    const [one] = all;
    const id = isJsonObject(one) ? String(one['id']) : '';
    assert.deepEqual((await app.inject(`/v1/sensors/${id}`)).json(), one);
    const body = { key_id: '0'.repeat(16) };
    assert.equal(
      (await app.inject({ method: 'POST', url: `/v1/sensors/${id}/key`, body })).json().code,
      'sensor_key_unknown',
    );
    assert.equal((await app.inject({ method: 'DELETE', url: `/v1/sensors/${id}` })).statusCode, 204);
    assert.equal((await app.inject(`/v1/sensors/${id}`)).json().code, 'sensor_unknown');
    assert.equal((await app.inject('/v1/sensors/..%2fx')).json().code, 'FST_ERR_VALIDATION');
    await app.close();
  });
});
