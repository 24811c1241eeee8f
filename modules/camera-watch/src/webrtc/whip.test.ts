import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { test, type TestContext } from 'node:test';
import Fastify from 'fastify';
import type { JsonObject } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';
import type { Principal } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import { cameraWatchProblems, CameraWatchError } from '../errors.ts';
import { picture } from '../frames/memory-socket.fixture.ts';
import type { AudioChunk, Frame } from '../frames/frame.ts';
import { offerLines } from './offer.fixture.ts';
import { createWhip } from './whip.ts';
import { createWhipRoutes } from './whip-routes.ts';

const offer = offerLines().join('\r\n');
const answer = 'v=0\r\nanswer';

/** The door, with processes that speak no WebRTC and are driven by the test. */
function setUp(
  t: TestContext,
  { hang = false, ...limits }: { readonly sessions?: number; readonly hang?: boolean } = {},
) {
  const clock = createManualClock(1_000_000);
  const state = new Map([
    ['gate', 'approved'],
    ['yard', 'approved'],
  ]);
  const frames: (Omit<Frame, 'sequence'> & { sequence?: number })[] = [];
  const sounds: (Omit<AudioChunk, 'sequence'> & { sequence?: number })[] = [];
  const processes: {
    readonly peer: FramePeer;
    readonly opened: JsonObject[];
    /** One that hangs has not ended when its connection has. */
    readonly end: () => void;
    readonly isOver: () => boolean;
  }[] = [];
  const tasks = new Set<() => void>();
  const whip = createWhip({
    gate: { offer: (frame) => frames.push(frame) > 0, offerAudio: (chunk) => sounds.push(chunk) > 0 },
    devices: {
      find(id) {
        const found = state.get(id);
        return found === undefined ? undefined : { id, name: id, kind: 'whip', state: found };
      },
    },
    clock,
    every(_intervalMs, task) {
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    random: randomBytes,
    log: createLog({ clock, write: () => undefined }),
    async connect() {
      const [here, there] = duplexPair();
      const opened: JsonObject[] = [];
      const peer = createFramePeer(there, {
        open({ head }) {
          opened.push(head);
          return { head: { answer } };
        },
      });
      const connected = createFramePeer(here, {});
      const ended = Promise.withResolvers<void>();
      if (!hang) void connected.closed.then(ended.resolve);
      let isOver = false;
      void ended.promise.then(() => (isOver = true));
      processes.push({ peer, opened, end: ended.resolve, isOver: () => isOver });
      return { ...connected, closed: ended.promise };
    },
    deadline: () => new AbortController().signal,
    address: { ports: { from: 1, to: 2 }, announced: undefined },
    limits,
  });
  t.after(() => {
    for (const { end } of processes) end();
    return whip.close();
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    clock,
    state,
    frames,
    sounds,
    processes,
    whip,
    look: () => tasks.forEach((task) => task()),
    open: (cameraId = 'gate') => whip.open({ cameraId, offer, host: '127.0.0.1' }),
    /** Waits until that is so: what a process says arrives some turns later. */
    async until(isSo: () => boolean) {
      while (!isSo()) await turn();
    },
  };
}

async function refusalOf(task: () => unknown): Promise<string | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

test('pictures and sound of a session are those of its camera, dated by how long ago they came, and no more than a process may claim', async (t) => {
  const house = setUp(t);
  const opened = await house.open();
  assert.equal(opened.answer, answer);
  assert.match(opened.sessionId, /^[\w-]{24}$/);
  const [process] = house.processes;
  assert.equal(process?.opened[0]?.['host'], '127.0.0.1');
  const taken: string[] = [];
  process.peer.on('taken', () => taken.push('picture'));
  process.peer.on('sound_taken', () => taken.push('sound'));
  const jpeg = picture();
  process.peer.notify('picture', { head: { age_ms: 40 }, payload: jpeg });
  process.peer.notify('sound', { head: {}, payload: new Uint8Array(16_000) });
  process.peer.notify('picture', { head: { age_ms: 1e12, camera: 'yard' }, payload: jpeg });
  process.peer.notify('picture', { head: { age_ms: -5 }, payload: Buffer.from('no picture') });
  await house.until(() => taken.length === 4);
  assert.deepEqual(
    house.frames.map(({ cameraId, capturedMs, receivedMs, isCaptureUnknown }) => [
      cameraId,
      receivedMs - capturedMs,
      isCaptureUnknown,
    ]),
    [
      ['gate', 40, true],
      ['gate', 10_000, true],
    ],
  );
  assert.deepEqual(
    house.sounds.map(({ cameraId, capturedMs, receivedMs }) => [cameraId, receivedMs - capturedMs]),
    [['gate', 500]],
  );
});

test('a second session of a camera takes the place of the first, and an offer that is none leaves it alone', async (t) => {
  const house = setUp(t);
  const first = await house.open();
  assert.equal(await refusalOf(() => house.whip.open({ cameraId: 'gate', offer: 'v=0', host: '::1' })), 'sdp_refused');
  assert.ok(house.whip.isOpen('gate'));
  const second = await house.open();
  await house.processes[0]?.peer.closed;
  assert.equal(await refusalOf(() => house.whip.end('gate', first.sessionId)), 'whip_session_unknown');
  assert.equal(await refusalOf(() => house.whip.end('yard', second.sessionId)), 'whip_session_unknown');
  house.whip.end('gate', second.sessionId);
  await house.processes[1]?.peer.closed;
  assert.equal(house.whip.isOpen('gate'), false);
});

test('of two that are answered at the same time the first is told that it is replaced', async (t) => {
  const house = setUp(t);
  const answers = await Promise.allSettled([house.open(), house.open()]);
  assert.deepEqual(
    answers.map((each) => (each.status === 'rejected' ? codeOf(each.reason) : 'answered')),
    ['sender_replaced', 'answered'],
  );
});

test('nothing counts of a camera that was cut off, not even what its process says in the same moment', async (t) => {
  const house = setUp(t);
  await house.open();
  const [process] = house.processes;
  process?.peer.notify('picture', { head: { age_ms: 0 }, payload: picture() });
  house.whip.cut('gate');
  await process?.peer.closed;
  assert.deepEqual(house.frames, []);
  assert.equal(house.whip.isOpen('gate'), false);
});

test('a session ends when its device may no longer send, when no picture came for long, and when its process ends', async (t) => {
  const house = setUp(t);
  await house.open('gate');
  await house.open('yard');
  house.state.set('gate', 'revoked');
  house.look();
  assert.deepEqual([house.whip.isOpen('gate'), house.whip.isOpen('yard')], [false, true]);
  house.clock.advance(19_000);
  house.processes[1]?.peer.notify('picture', { head: { age_ms: 0 }, payload: picture() });
  await house.until(() => house.frames.length === 1);
  house.clock.advance(19_000);
  house.look();
  assert.ok(house.whip.isOpen('yard'));
  house.clock.advance(1000);
  house.look();
  assert.equal(house.whip.isOpen('yard'), false);
  await house.open('yard');
  house.processes[2]?.peer.close();
  await house.until(() => !house.whip.isOpen('yard'));
});

test('there are so many sessions and no more, but who has one may begin anew', async (t) => {
  const house = setUp(t, { sessions: 1 });
  await house.open('gate');
  assert.equal(await refusalOf(() => house.open('yard')), 'webrtc_busy');
  await house.open('gate');
});

test('processes are counted until they have ended, however often a camera begins anew', async (t) => {
  const house = setUp(t, { hang: true });
  await house.open();
  await house.open();
  // Both of them still run, though only one counts.
  assert.equal(await refusalOf(() => house.open()), 'webrtc_busy');
  assert.ok(house.whip.isOpen('gate'));
  house.processes[0]?.end();
  await house.until(() => house.processes[0]?.isOver() === true);
  await house.open();
  assert.equal(house.processes.length, 3);
  let isClosed = false;
  const closed = house.whip.close().then(() => (isClosed = true));
  house.processes[1]?.end();
  await house.until(() => house.processes[1]?.isOver() === true);
  assert.equal(isClosed, false);
  house.processes[2]?.end();
  await closed;
});

test('a camera that begins again and again waits, and what it sends now goes on', async (t) => {
  const house = setUp(t);
  for (let count = 0; count < 6; count += 1) {
    await house.open();
    await house.until(() => house.processes.at(-2)?.isOver() !== false);
  }
  await assert.rejects(
    house.open(),
    (error) =>
      codeOf(error) === 'webrtc_busy' && error instanceof CameraWatchError && error.details['retryAfterSeconds'] === 5,
  );
  assert.ok(house.whip.isOpen('gate'));
  await house.open('yard');
  house.clock.advance(5000);
  await house.open();
});

test('who was revoked while its request was read begins nothing', async (t) => {
  const house = setUp(t);
  house.state.set('gate', 'revoked');
  assert.equal(await refusalOf(() => house.open()), 'sender_replaced');
  house.state.delete('gate');
  assert.equal(await refusalOf(() => house.open()), 'sender_replaced');
  assert.deepEqual(house.processes, []);
});

test('a process that says more than it may is not listened to any more', async (t) => {
  const house = setUp(t);
  await house.open();
  const [process] = house.processes;
  for (let count = 0; count < 1000; count += 1)
    process?.peer.notify(count % 2 === 0 ? 'picture' : 'sound', { head: {} });
  await process?.peer.closed;
  assert.equal(house.whip.isOpen('gate'), false);
});

test('over HTTP it is WHIP: 201 with a place, DELETE ends it, and what is not there is refused as RFC 9725 says', async (t) => {
  const house = setUp(t);
  const app = Fastify();
  let principal: Principal = { kind: 'device', id: 'gate', name: 'Gate', scopes: ['cameras:send'] };
  app.addHook('onRequest', async (request) => {
    request.principal = principal;
  });
  app.setErrorHandler((error, _request, reply) => {
    const problem = cameraWatchProblems[codeOf(error) ?? ''];
    return reply.code(problem?.status ?? Number(Reflect.get(Object(error), 'statusCode'))).send();
  });
  await app.register(createWhipRoutes(house.whip));
  t.after(() => app.close());
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  const ask = async (method: string, url: string, body?: string, type = 'application/sdp') => {
    const headers = body === undefined ? {} : { 'content-type': type };
    const response = await fetch(`${origin}${url}`, { method, headers, ...(body === undefined ? {} : { body }) });
    return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };
  const path = '/v1/cameras/whip';
  const made = await ask('POST', path, offer, 'application/sdp; charset=utf-8');
  assert.equal(made.statusCode, 201, made.body);
  assert.deepEqual([made.headers['content-type'], made.body], ['application/sdp', answer]);
  const place = String(made.headers['location']);
  assert.match(place, /^\/v1\/cameras\/whip\/[\w-]{24}$/);
  const fragment = 'application/trickle-ice-sdpfrag';
  assert.equal((await ask('PATCH', place, 'a=end-of-candidates', fragment)).statusCode, 501);
  assert.equal((await ask('POST', path, offer, 'application/json')).statusCode, 415);
  assert.equal((await ask('POST', path, 'nonsense')).statusCode, 400);
  assert.equal((await ask('POST', path, 'v=0')).statusCode, 406);
  assert.equal((await ask('POST', path, `v=0\r\n${'a=x\r\n'.repeat(20_000)}`)).statusCode, 400);
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    const { statusCode, headers } = await ask(method, path);
    assert.deepEqual([statusCode, headers['allow']], [405, 'OPTIONS, POST']);
  }
  const asked = await ask('OPTIONS', path);
  assert.deepEqual([asked.statusCode, asked.headers['accept-post']], [200, 'application/sdp']);
  assert.equal(asked.headers['access-control-allow-origin'], undefined);
  assert.equal((await ask('GET', place)).statusCode, 405);
  principal = { kind: 'device', id: 'yard', name: 'Yard', scopes: ['cameras:send'] };
  assert.equal((await ask('DELETE', place)).statusCode, 404);
  principal = { kind: 'key', id: 'gate', name: 'Gate', scopes: ['cameras:send'] };
  assert.equal((await ask('DELETE', place)).statusCode, 404);
  assert.equal((await ask('POST', path, offer)).statusCode, 404);
  assert.ok(house.whip.isOpen('gate'));
  principal = { kind: 'device', id: 'gate', name: 'Gate', scopes: ['cameras:send'] };
  assert.equal((await ask('DELETE', place)).statusCode, 200);
  assert.equal((await ask('DELETE', place)).statusCode, 404);
});
