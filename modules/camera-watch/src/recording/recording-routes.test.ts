import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentStatement, decodeSegment } from '@sallyport/segment-format';
import Fastify from 'fastify';
import { reachOfEverything } from '@sallyport/platform/http';
import type { Principal } from '@sallyport/platform/http';
import { verifyClipFile } from './clip/verify-clip.ts';
import { createRecordingRoutes } from './recording-routes.ts';
import { host, operator, picture, setUp, startMs } from './recording.fixture.ts';

const minute = 60_000;

async function open(t: Parameters<typeof setUp>[0], principal: Principal = operator) {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const app = Fastify();
  app.addHook('onRequest', async (request) => {
    request.principal = principal;
    request.reach = reachOfEverything;
    const origin = `https://${host}`;
    request.client = { address: '', isLocal: true, agent: '', origin, hostName: host, linkOrigin: origin };
  });
  app.setErrorHandler((error, _request, reply) => reply.code(409).send({ code: Reflect.get(Object(error), 'code') }));
  await app.register(createRecordingRoutes(recording));
  t.after(() => app.close());
  return { ...fixture, recording, app };
}

test('timeline, segments and pictures are given as they are, and nothing by another name', async (t) => {
  const { app, recording, ...fixture } = await open(t);
  await fixture.send('yard', 10_250);
  const sha256 = await recording.savePicture(picture(1));
  const timeline = (await app.inject(`/v1/cameras/yard/timeline?from_ms=${startMs}&to_ms=${startMs + minute}`)).json();
  assert.equal(timeline.segments.length, 1);
  const segment = await app.inject(`/v1/cameras/yard/segments/${startMs}`);
  assert.equal(decodeSegment(segment.rawPayload).frames, 40);
  const shown = await app.inject(`/v1/pictures/${sha256}`);
  assert.equal(shown.headers['content-type'], 'image/jpeg');
  assert.deepEqual([...shown.rawPayload], [...picture(1)]);
  const code = async (url: string): Promise<unknown> => (await app.inject(url)).json().code;
  assert.equal(await code(`/v1/cameras/yard/segments/${startMs + 1}`), 'segment_unknown');
  assert.equal(await code(`/v1/cameras/door/segments/${startMs}`), 'segment_unknown');
  assert.equal(await code(`/v1/pictures/${'0'.repeat(64)}`), 'picture_unknown');
  for (const url of [
    '/v1/pictures/..%2f..%2fcontrol.db',
    `/v1/pictures/${sha256}x`,
    '/v1/cameras/..%2fyard/segments/1',
    '/v1/cameras/yard/segments/-1',
    '/v1/cameras/yard/timeline?from_ms=0&to_ms=1e99',
  ])
    assert.equal(await code(url), 'FST_ERR_VALIDATION', url);
  for (const [from, to] of [
    [1, 1],
    [2, 1],
    [0, 9 * 24 * 60 * minute],
  ])
    assert.equal(await code(`/v1/cameras/yard/timeline?from_ms=${from}&to_ms=${to}`), 'span_invalid');
});

test('a clip comes as a file of known length that verifies, with a name that is one', async (t) => {
  const { app, verifierKey, ...fixture } = await open(t);
  await fixture.send('yard', 10_250);
  const body = { from_ms: startMs, to_ms: startMs + minute, reason: 'why' };
  const answer = await app.inject({ method: 'POST', url: '/v1/cameras/yard/clips', body });
  assert.equal(answer.statusCode, 200);
  assert.equal(Number(answer.headers['content-length']), answer.rawPayload.length);
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="clip-yard-2026-11-22T09-00-00.html"');
  assert.equal(answer.headers['content-security-policy'], 'sandbox');
  assert.ok(verifyClipFile(answer.body, { verifierKeys: [verifierKey] }).ok);
  const without = await app.inject({ method: 'POST', url: '/v1/cameras/yard/clips', body: { ...body, reason: '' } });
  assert.equal(without.json().code, 'FST_ERR_VALIDATION');
});

test('a device sends its late segments piece by piece, as itself', async (t) => {
  const device: Principal = { kind: 'device', id: 'phone', name: 'phone', scopes: ['cameras:send'] };
  const { app, addDevice, recording } = await open(t, device);
  const segment = addDevice('phone').lateSegment(startMs - minute);
  const send = async (offset: number, piece: Uint8Array, changed: Record<string, string> = {}) => {
    const query = new URLSearchParams({
      started_ms: String(segment.startedMs),
      ended_ms: String(segment.endedMs),
      plain_sha256: segment.plainSha256,
      signature: segment.signature,
      bytes: String(segment.bytes),
      offset: String(offset),
      ...changed,
    });
    const url = `/v1/cameras/segments?${query.toString()}`;
    const headers = { 'content-type': 'application/octet-stream' };
    return (await app.inject({ method: 'POST', url, headers, payload: Buffer.from(piece) })).json();
  };
  assert.deepEqual(await send(0, new Uint8Array()), { state: 'partial', received_bytes: 0 });
  assert.deepEqual(await send(0, segment.piece.subarray(0, 500)), { state: 'partial', received_bytes: 500 });
  assert.deepEqual(await send(500, segment.piece.subarray(500)), { state: 'kept' });
  assert.deepEqual(await send(0, segment.piece), { state: 'kept' });
  assert.equal((await send(0, segment.piece, { signature: 'A'.repeat(86) })).code, 'segment_signature_invalid');
  await send(0, segment.piece, { camera: 'other' });
  assert.deepEqual((await recording.timeline('other', startMs - 2 * minute, startMs)).segments, []);
  assert.match(segmentStatement(segment), /^sallyport-segment\/1\nphone\n/);
  assert.equal((await recording.timeline('phone', startMs - 2 * minute, startMs)).segments.length, 1);
});

test('retention is read, and changed to what it may be', async (t) => {
  const { app } = await open(t);
  const status = (await app.inject('/v1/recordings')).json();
  assert.equal(status.retention.days, 14);
  assert.equal(status.state, 'recording');
  const url = '/v1/recordings/retention';
  const retention = { days: 30, bytes_per_camera: 2 ** 30, bytes: 2 ** 32 };
  assert.deepEqual((await app.inject({ method: 'PUT', url, body: retention })).json(), retention);
  assert.deepEqual((await app.inject('/v1/recordings')).json().retention, retention);
  for (const bad of [{ ...retention, days: 0 }, { ...retention, bytes: 1000 }, {}])
    assert.equal((await app.inject({ method: 'PUT', url, body: bad })).json().code, 'FST_ERR_VALIDATION');
});
