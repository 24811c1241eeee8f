import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import Fastify from 'fastify';
import { createManualClock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import { picture } from './memory-socket.fixture.ts';
import { createPushes, createPushRoutes } from './push-routes.ts';

const board: Principal = { kind: 'device', id: 'board', name: 'Board', scopes: ['cameras:send'] };

async function setUp(t: TestContext, principal: Principal = board) {
  const device = { id: 'board', name: 'Board', kind: 'esp32', state: 'approved' };
  const taken: string[] = [];
  const pushes = createPushes();
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const app = Fastify();
  app.addHook('onRequest', async (request) => {
    request.principal = principal;
  });
  app.addHook('preHandler', async () => begun());
  app.setErrorHandler((error, _request, reply) => reply.code(409).send({ code: Reflect.get(Object(error), 'code') }));
  await app.register(
    createPushRoutes({
      gate: {
        offer: ({ cameraId }) => taken.push(cameraId) > 0,
        offerAudio: () => false,
      },
      clock: createManualClock(0),
      delay: async () => undefined,
      pushes,
      devices: { find: (id) => (id === device.id ? device : undefined) },
    }),
  );
  t.after(() => app.close());
  const post = (payload: PassThrough, type: string) =>
    app.inject({ method: 'POST', url: '/v1/cameras/frames', headers: { 'content-type': type }, payload });
  return { device, taken, pushes, hasBegun, post };
}

const row = 'multipart/x-mixed-replace; boundary=x';

function part(jpeg: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`--x\r\nContent-Length: ${jpeg.length}\r\n\r\n`), jpeg, Buffer.from('\r\n')]);
}

test('of a device that is revoked while its picture is under way, the picture is not taken', async (t) => {
  for (const type of ['image/jpeg', row]) {
    const { device, taken, hasBegun, post } = await setUp(t);
    const body = new PassThrough();
    const answered = post(body, type);
    const bytes = type === row ? part(picture()) : picture();
    body.write(bytes.subarray(0, bytes.length - 1));
    await hasBegun;
    device.state = 'revoked';
    body.end(bytes.subarray(bytes.length - 1));
    assert.deepEqual((await answered).json(), { code: 'sender_replaced' });
    assert.deepEqual(taken, []);
  }
});

test('a device takes its place from itself alone, and nobody but a device has one', async (t) => {
  const { taken, pushes, hasBegun, post } = await setUp(t);
  const body = new PassThrough();
  const answered = post(body, row);
  await hasBegun;
  body.write(part(picture()));
  while (taken.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(pushes.isOpen('board'));
  const single = new PassThrough();
  single.end(picture());
  assert.equal((await post(single, 'image/jpeg')).statusCode, 200);
  body.end();
  assert.deepEqual((await answered).json(), { frames: 1 });
  assert.equal(pushes.isOpen('board'), false);
  assert.deepEqual(taken, ['board', 'board']);

  const key: Principal = { kind: 'key', id: 'board', name: 'Board', scopes: ['cameras:send'] };
  const stranger = await setUp(t, key);
  const forged = new PassThrough();
  forged.end(picture());
  assert.deepEqual((await stranger.post(forged, 'image/jpeg')).json(), { code: 'camera_unknown' });
  assert.deepEqual(stranger.taken, []);
});
