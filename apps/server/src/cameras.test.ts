import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { isJsonObject, parseJson, type JsonObject } from '@sallyport/contracts';
import { createDeviceUnderTest, enrolDevice, type DeviceUnderTest } from '@sallyport/testing/device-under-test';
import { startRtspSource } from '@sallyport/testing/rtsp-source';
import { startMjpegCamera, startMjpegPush, testPictures } from '@sallyport/testing/simulated-camera';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { openWebSocket, type SocketClient } from '@sallyport/testing/web-socket';
import { startAccess, type Access, type Caller } from './access.fixture.ts';

const pictures = testPictures(3);
let access: Access;
let admin: Caller;
let origin: string;

before(async () => {
  access = await startAccess(['--local-cameras']);
  admin = await access.moveIn('admin', 'admin');
  origin = access.server.address;
});
after(() => access.stop());

async function enrolled(name: string, kind: 'phone' | 'esp32' = 'phone'): Promise<DeviceUnderTest> {
  const device = createDeviceUnderTest(origin);
  const manage = (method: string, path: string, body?: object) =>
    access.call(method, path, { caller: admin, ...(body === undefined ? {} : { body }) });
  await enrolDevice(device, manage, { name, kind, place: 'yard', site: 'mill' });
  return device;
}

const socketOrigin = (): string => origin.replace('http', 'ws');

async function openSending(device: DeviceUnderTest): Promise<SocketClient> {
  const protocols = ['sallyport-camera.1', `bearer.${await device.token()}`];
  return openWebSocket({ url: `${socketOrigin()}/v1/cameras/send`, protocols, headers: { origin } });
}

function openLive(cookie: string): Promise<SocketClient> {
  return openWebSocket({ url: `${socketOrigin()}/v1/cameras/live`, headers: { origin, cookie } });
}

function frame(sequence: number, jpeg: Uint8Array, more: object = {}): Uint8Array {
  const header = Buffer.from(JSON.stringify({ kind: 'frame', sequence, captured_ms: Date.now(), ...more }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, jpeg]);
}

async function said(socket: SocketClient, type: string): Promise<JsonObject> {
  for (;;) {
    const message = await socket.next();
    const value = typeof message === 'string' ? parseJson(message) : null;
    if (isJsonObject(value) && value['type'] === type) return value;
  }
}

async function nextPicture(live: SocketClient): Promise<{ readonly header: JsonObject; readonly jpeg: Buffer }> {
  for (;;) {
    const message = await live.next();
    if (typeof message === 'string') continue;
    const bytes = Buffer.from(message);
    const end = 4 + bytes.readUInt32BE(0);
    const header = parseJson(bytes.subarray(4, end).toString('utf8'));
    assert.ok(isJsonObject(header));
    return { header, jpeg: bytes.subarray(end) };
  }
}

async function cameraRow(id: string): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await access.call('GET', `/v1/cameras/${id}`, { caller: admin });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** The audit trail, once it holds that: it is read from the store, which follows the ledger. */
async function auditTrailWith(action: string): Promise<string> {
  for (;;) {
    const { body } = await access.call('GET', '/v1/audit?limit=100', { caller: admin });
    const text = JSON.stringify(body);
    if (text.includes(action)) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a phone sends, the wall shows it with its times, and a command is done when the phone says so', async () => {
  const phone = await enrolled('Gate phone');
  const waiting = await cameraRow(phone.id());
  assert.deepEqual([waiting['state'], waiting['kind'], waiting['site']], ['offline', 'phone', 'mill']);
  const sending = await openSending(phone);
  assert.equal(sending.protocol, 'sallyport-camera.1');
  const live = await openLive(admin.cookie ?? '');
  live.send(JSON.stringify({ type: 'watch', cameras: [{ id: phone.id(), per_second: 10 }] }));
  sending.send(JSON.stringify({ type: 'hello', width: 320, height: 240, audio: false }));
  const [picture = new Uint8Array()] = pictures;
  sending.send(frame(41, picture, { camera: 'somebody-else' }));
  assert.equal((await said(sending, 'taken'))['sequence'], 41);
  const { header, jpeg } = await nextPicture(live);
  assert.deepEqual(jpeg, Buffer.from(picture));
  assert.equal(header['camera'], phone.id());
  assert.ok(Number(header['captured_ms']) <= Number(header['sent_ms']));
  const row = await cameraRow(phone.id());
  assert.equal(row['state'], 'live');
  assert.ok(Number(row['latency_ms']) >= 0);
  const shown = await fetch(`${origin}/v1/cameras/${phone.id()}/picture`, { headers: { cookie: admin.cookie ?? '' } });
  assert.equal(shown.headers.get('content-type'), 'image/jpeg');
  assert.deepEqual(Buffer.from(await shown.arrayBuffer()), Buffer.from(picture));

  const path = `/v1/cameras/${phone.id()}/commands`;
  const commanded = access.call('POST', path, { caller: admin, body: { speak: 'Go away' } });
  const command = await said(sending, 'command');
  assert.equal(command['speak'], 'Go away');
  sending.send(JSON.stringify({ type: 'receipt', command_id: command['id'], ok: true }));
  assert.deepEqual((await commanded).body, { state: 'done' });
  assert.match(String(row['watched']), /^(?:starting|learning|watched|unwatched)$/);
  sending.send(JSON.stringify({ type: 'bye' }));
  for (let told = await said(live, 'state'); told['state'] !== 'offline';) told = await said(live, 'state');
  const off = await cameraRow(phone.id());
  assert.deepEqual([off['state'], off['why'], off['per_second']], ['offline', 'said_goodbye', 0]);
  await Promise.all([sending.end(), live.end()]);
  assert.equal(
    (await access.call('POST', path, { caller: admin, body: { torch: true } })).code,
    'camera_takes_no_commands',
  );
  assert.match(await auditTrailWith('camera.command_result'), /camera\.command"/);
});

test('a revoked phone is told and cut off, on its socket and while it pushes, and is let in no more', async () => {
  const phone = await enrolled('Lost phone');
  const pusher = await enrolled('Lost board', 'esp32');
  const sending = await openSending(phone);
  const push = startMjpegPush({ origin, token: await pusher.token() });
  push.send(pictures[0] ?? new Uint8Array());
  const live = await openLive(admin.cookie ?? '');
  live.send(JSON.stringify({ type: 'watch', cameras: [{ id: pusher.id() }] }));
  await nextPicture(live);
  for (const device of [phone, pusher])
    assert.equal((await access.call('POST', `/v1/devices/${device.id()}/revoke`, { caller: admin })).status, 200);
  assert.equal((await said(sending, 'bye'))['code'], 'device_revoked');
  assert.equal(await sending.closed, 4003);
  assert.ok([0, 409].includes(await push.answered));
  await assert.rejects(openSending(phone), /device_revoked/);
  assert.ok(Number((await cameraRow(phone.id()))['removed_ms']) > 0, 'it has its name still, and is one no longer');
  assert.doesNotMatch(JSON.stringify((await access.call('GET', '/v1/cameras', { caller: admin })).body), /Lost phone/);
  await live.end();
});

test('whoever is signed out sees no more', async () => {
  const guard = await access.moveIn('guard', 'guard', admin);
  const live = await openLive(guard.cookie ?? '');
  live.send(JSON.stringify({ type: 'clock', t0: 1 }));
  assert.equal((await said(live, 'clock'))['t0'], 1);
  assert.equal((await access.call('DELETE', '/v1/session', { caller: guard })).status, 204);
  assert.equal(await live.closed, 1008);
});

test('only devices send and only people watch', async () => {
  const phone = await enrolled('Door phone');
  const headers = { authorization: `Bearer ${await phone.token()}` };
  await assert.rejects(openWebSocket({ url: `${socketOrigin()}/v1/cameras/live`, headers }), /403/);
  await assert.rejects(
    openWebSocket({ url: `${socketOrigin()}/v1/cameras/send`, headers: { origin, cookie: admin.cookie ?? '' } }),
    /403/,
  );
  await assert.rejects(
    openWebSocket({
      url: `${socketOrigin()}/v1/cameras/live`,
      headers: { origin: 'https://evil.example', cookie: admin.cookie ?? '' },
    }),
    /403/,
  );
  assert.equal(
    (await access.call('GET', '/v1/cameras', { caller: { key: await phone.token() } })).code,
    'scope_missing',
  );
});

test('a board pushes one picture or an endless row, and what is none is refused', async () => {
  const board = await enrolled('Board', 'esp32');
  const token = await board.token();
  const post = async (body: Uint8Array, type = 'image/jpeg'): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const answer = await fetch(`${origin}/v1/cameras/frames`, { method: 'POST', headers, body: Buffer.from(body) });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await post(pictures[0] ?? new Uint8Array()), 200);
  assert.equal((await cameraRow(board.id()))['state'], 'live');
  assert.equal(await post(Buffer.from('GIF89a')), 400);
  assert.equal(await post(Buffer.alloc(2 * 1024 * 1024, 0xff)), 413);
  assert.equal(await post(Buffer.from('x'), 'multipart/x-mixed-replace'), 400);
  assert.equal(await post(Buffer.from('x'), 'multipart/form-data; boundary=x'), 415);
  const push = startMjpegPush({ origin, token });
  for (const picture of pictures) push.send(picture);
  push.end();
  assert.equal(await push.answered, 200);
  const flood = startMjpegPush({ origin, token });
  flood.sendRaw(Buffer.alloc(100_000, 'x'));
  assert.ok([0, 400].includes(await flood.answered));
});

test('cameras on the network are fetched from, by HTTP and RTSP; their passwords are shown to nobody', async (context) => {
  const board = await startMjpegCamera({ credentials: 'admin:hunter2' });
  const rtsp = await startRtspSource({ credentials: 'admin:hunter2' });
  context.after(() => Promise.all([board.close(), rtsp.close()]));
  const add = (body: object) => access.call('POST', '/v1/cameras', { caller: admin, body });
  const answers = [
    await add({ name: 'Board', place: 'roof', site: 'mill', url: board.url }),
    await add({ name: 'Dome', url: rtsp.url }),
  ];
  const live = await openLive(admin.cookie ?? '');
  for (const { status, body } of answers) {
    assert.equal(status, 201, JSON.stringify(body));
    live.send(JSON.stringify({ type: 'watch', cameras: [{ id: body['id'] }] }));
    const timer = setInterval(() => board.show(pictures[0] ?? new Uint8Array()), 50);
    const { header } = await nextPicture(live);
    clearInterval(timer);
    assert.equal(header['camera'], body['id']);
    // Nobody told when it was taken.
    assert.equal(header['at_arrival'], true);
    assert.equal('latency_ms' in (await cameraRow(String(body['id']))), false);
  }
  const list = await access.call('GET', '/v1/cameras', { caller: admin });
  const everything = JSON.stringify([answers, list.body, await auditTrailWith('camera.add')]);
  assert.doesNotMatch(everything, /hunter2|\/stream|\/h264/);
  assert.match(everything, /"address":"rtsp:\/\/127\.0\.0\.1:\d+"/);
  const refused = await add({ name: 'Cloud', url: 'http://169.254.169.254/hunter2' });
  assert.equal(refused.code, 'camera_url_refused');
  assert.doesNotMatch(JSON.stringify(refused.body), /hunter2/);
  for (const name of ['two\nlines', ' ', '', 'turned\u202e round', 'rung\u0007'])
    assert.equal((await add({ name, url: board.url })).status, 400, JSON.stringify(name));
  const path = `/v1/cameras/${String(answers[0]?.body['id'])}`;
  assert.equal((await access.call('PATCH', path, { caller: admin, body: { name: 'Roof' } })).body['name'], 'Roof');
  for (const { body } of answers)
    assert.equal((await access.call('DELETE', `/v1/cameras/${String(body['id'])}`, { caller: admin })).status, 204);
  assert.ok(Number((await access.call('GET', path, { caller: admin })).body['removed_ms']) > 0);
  while (board.watchers() > 0) await new Promise((resolve) => setImmediate(resolve));
  await live.end();
});

test('a camera with a certificate of its own is added by whoever says that it is the right one', async (context) => {
  const tls = createTestAuthority().issue({ commonName: 'camera', use: 'serverAuth' });
  const { fingerprint256: fingerprint } = new X509Certificate(tls.cert);
  const camera = await startMjpegCamera({ credentials: 'admin:hunter2', digest: {}, tls });
  context.after(() => camera.close());
  const add = (more: object) =>
    access.call('POST', '/v1/cameras', { caller: admin, body: { name: 'Vault', url: camera.url, ...more } });
  for (const [more, code] of [
    [{}, 'camera_certificate_untrusted'],
    [{ tls_fingerprint: '00'.repeat(32) }, 'camera_certificate_changed'],
  ] as const) {
    const { status, body } = await add(more);
    assert.deepEqual([status, body['code'], body['details']], [409, code, { tls_fingerprint: fingerprint }]);
    assert.doesNotMatch(JSON.stringify(body), /hunter2/);
  }
  assert.equal((await add({ tls_fingerprint: 'AB:CD' })).status, 400);
  assert.equal(camera.requests(), 0, 'nothing was asked of it before');
  const added = await add({ tls_fingerprint: fingerprint.replaceAll(':', '').toLowerCase(), sound: true });
  assert.deepEqual([added.status, added.body['tls_fingerprint'], added.body['sound']], [201, fingerprint, true]);
  while (camera.watchers() === 0) await new Promise((resolve) => setImmediate(resolve));
  const id = String(added.body['id']);
  // One picture makes it live for five seconds, which a slow machine may not look at.
  do {
    camera.show(pictures[0] ?? new Uint8Array());
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while ((await cameraRow(id))['state'] !== 'live');
  const path = `/v1/cameras/${id}`;
  const untrusted = await access.call('PATCH', path, { caller: admin, body: { tls_fingerprint: null } });
  assert.equal(untrusted.code, 'camera_certificate_untrusted');
  const renamed = await access.call('PATCH', path, { caller: admin, body: { name: 'Safe', sound: false } });
  assert.deepEqual([renamed.body['tls_fingerprint'], renamed.body['sound']], [fingerprint, false]);
  // One that is slow to show its certificate holds up no change of another.
  const slow = createServer();
  slow.listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const address = slow.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const shown = new Promise<Socket>((resolve) => slow.once('connection', resolve));
  const other = await add({ name: 'Other', url: 'http://127.0.0.1:9/' });
  let isMoved = false;
  const moving = access
    .call('PATCH', path, { caller: admin, body: { url: `https://127.0.0.1:${port}/` } })
    .finally(() => (isMoved = true));
  const silent = await shown;
  silent.on('error', () => undefined);
  const otherPath = `/v1/cameras/${String(other.body['id'])}`;
  assert.equal((await access.call('DELETE', otherPath, { caller: admin })).status, 204);
  assert.ok(!isMoved);
  slow.close();
  silent.destroy();
  assert.equal('tls_fingerprint' in (await moving).body, false, 'what was trusted at another address is not');
  assert.equal((await access.call('DELETE', path, { caller: admin })).status, 204);
});
