import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { writeMessage } from './rtsp-message.ts';
import {
  description,
  interleaved,
  openRelay,
  relayNeeds,
  relayRequest,
  startCamera,
  startPlayer,
  type Answer,
  type Ask,
} from './rtsp-relay.fixture.ts';
import { openRtspRelay } from './rtsp-relay.ts';

test('a player gets tracks and packets, and no word of the camera; the camera is asked under its own addresses', async (context) => {
  const camera = await startCamera(context);
  const relay = await openRelay(context, camera.url);
  const player = await startPlayer(context, relay);
  const answers = [
    await player.ask('OPTIONS', relay.url),
    await player.ask('DESCRIBE', relay.url),
    await player.ask('SETUP', `${relay.url}/video`, interleaved),
    await player.ask('PLAY', `${relay.url}/`),
    await player.ask('GET_PARAMETER', `${relay.url}/`),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  assert.match(answers[1]?.text ?? '', /a=rtpmap:96 H264\/90000/);
  assert.match(answers[2]?.text ?? '', /session: 1;timeout=30\n.*interleaved=4-5/);
  assert.doesNotMatch(JSON.stringify(answers), /hunter2|10\.1\.2\.3|secret-path|camera-session/);
  const base = 'rtsp://10.1.2.3/secret-path/';
  const own = `rtsp://127.0.0.1:${camera.port}/live?a=1`;
  assert.deepEqual(
    camera.asked.map((head) => head.split(' ', 2).join(' ')),
    [`OPTIONS ${own}`, `DESCRIBE ${own}`, `SETUP ${base}track1`, `PLAY ${base}`, `OPTIONS ${own}`],
  );
  assert.match(camera.asked[3] ?? '', /"session",\["camera-session"\]/);
  assert.doesNotMatch(camera.asked.join(), /hunter2|127\.0\.0\.1:\d+\/[\w-]{32}/);
  // Packets of a track that was set up go on, others do not.
  const [socket] = camera.sockets;
  socket?.write(Buffer.from('$\u0009\u0000\u0002xx$\u0004\u0000\u0003abc', 'latin1'));
  const packet = await player.next();
  assert.ok(packet.kind === 'frame' && packet.channel === 4);
  player.socket.destroy();
  assert.match((await relay.ended).message, /nothing readable/);
});

test('nobody gets in who does not know the path, and nobody after the one who does', async (context) => {
  const camera = await startCamera(context);
  const relay = await openRelay(context, camera.url);
  for (const start of [
    'OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '$\u0000\u0000\u0000',
  ]) {
    const stranger = await startPlayer(context, relay);
    stranger.socket.write(start);
    await stranger.closed;
  }
  const waiting = await startPlayer(context, relay);
  await once(waiting.socket, 'connect');
  const player = await startPlayer(context, relay);
  assert.equal((await player.ask('OPTIONS', relay.url)).status, 200);
  await waiting.closed;
  const late = await startPlayer(context, relay);
  await late.closed;
  assert.equal((await player.ask('DESCRIBE', relay.url)).status, 200);
  assert.equal((await player.ask('SETUP', `${relay.url}/audio`, interleaved)).status, 404);
  assert.equal((await player.ask('ANNOUNCE', relay.url)).status, 501);
});

test('a camera that sends us to this machine is not followed, whenever it does', async (context) => {
  let wasReached = false;
  const inner = createServer(() => (wasReached = true));
  inner.listen(0, '127.0.0.1');
  await once(inner, 'listening');
  context.after(() => inner.close());
  const address = inner.address();
  const target = `rtsp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  for (const method of ['OPTIONS', 'DESCRIBE']) {
    const camera = await startCamera(context, (ask) =>
      ask.method === method ? { status: '302 Moved', headers: { Location: target } } : undefined,
    );
    await assert.rejects(openRelay(context, camera.url), { code: 'camera_redirects' });
  }
  const later = await startCamera(context, (ask) =>
    ask.method === 'PLAY' ? { status: '301 Moved', headers: { Location: target } } : undefined,
  );
  const relay = await openRelay(context, later.url);
  const player = await startPlayer(context, relay);
  await player.ask('SETUP', `${relay.url}/video`, interleaved);
  player.socket.write(writeMessage(`PLAY ${relay.url} RTSP/1.0`, { CSeq: '8' }));
  assert.equal((await relay.ended).code, 'camera_redirects');
  await player.closed;
  const asking = await startCamera(context);
  const other = await openRelay(context, asking.url);
  for (const socket of asking.sockets)
    socket.write(writeMessage(`REDIRECT ${target} RTSP/1.0`, { CSeq: '1', Location: target }));
  assert.equal((await other.ended).code, 'camera_redirects');
  assert.ok(!wasReached);
});

test('a camera that floods, stammers or falls silent is given up, and why is said without its address', async (context) => {
  const flood = (socket: Socket): void => {
    socket.write('RTSP/1.0 200 OK\r\n');
    const more = (): void =>
      void (socket.destroyed || socket.write(`X: ${'x'.repeat(4000)}\r\n`, () => setImmediate(more)));
    more();
  };
  const only = (method: string, respond: (socket: Socket) => Answer | 'nothing') => (ask: Ask) =>
    ask.method === method ? respond(ask.socket) : undefined;
  const doing = (act: (socket: Socket) => unknown) => (socket: Socket) => {
    act(socket);
    return 'nothing' as const;
  };
  const stale = { 'WWW-Authenticate': 'Digest realm="r", nonce="n", stale=true' };
  const attacks: readonly [RegExp, (ask: Ask) => Answer | 'nothing' | undefined][] = [
    [/head of a message is too long/, only('OPTIONS', doing(flood))],
    [
      /cannot be read/,
      only(
        'DESCRIBE',
        doing((socket) => socket.write('\u0000garbage')),
      ),
    ],
    [/does not answer/, () => 'nothing'],
    [/no pictures/, only('DESCRIBE', () => ({ body: 'm=audio 0 RTP/AVP 0\r\n' }))],
    [/no such stream/, only('DESCRIBE', () => ({ status: '404 Not Found' }))],
    [
      /ended the stream/,
      only(
        'OPTIONS',
        doing((socket) => socket.destroy()),
      ),
    ],
    [/refused the credentials/, () => ({ status: '401 No', headers: stale })],
  ];
  for (const [why, respond] of attacks) {
    const camera = await startCamera(context, respond);
    const failure = await openRelay(
      context,
      camera.url,
      why.source.includes('not answer') ? { silenceMs: 200 } : {},
    ).then(
      () => 'opened',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    assert.match(failure, why);
    assert.doesNotMatch(failure, /hunter2|127\.0\.0\.1/);
    assert.ok(camera.asked.length <= 4, 'nonces that are always too old are not followed for ever');
    while (camera.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const setups: readonly [RegExp, Answer][] = [
    [
      /does not send over the connection/,
      { headers: { Session: 's', Transport: 'RTP/AVP;unicast;client_port=5000-5001' } },
    ],
    [/refused a track: 461/, { status: '461 Unsupported Transport' }],
    [/no session/, { headers: { Transport: interleaved.Transport } }],
  ];
  for (const [why, answer] of setups) {
    const camera = await startCamera(context, ({ method }) => (method === 'SETUP' ? answer : undefined));
    const relay = await openRelay(context, camera.url);
    const player = await startPlayer(context, relay);
    player.socket.write(writeMessage(`SETUP ${relay.url}/video RTSP/1.0`, { CSeq: '1', ...interleaved }));
    assert.match((await relay.ended).message, why);
    await player.closed;
  }
});

/** Of 65,535 bytes, on the channel of the pictures. */
const largePacket = Buffer.concat([Buffer.from('$\u0004\u00ff\u00ff', 'latin1'), Buffer.alloc(65_535)]);

test('a player that does not read holds the camera up, and nothing piles up between', async (context) => {
  const camera = await startCamera(context);
  // So much time passes that no pace is what holds it up.
  const clock = createManualClock(0);
  const relay = await openRelay(context, camera.url, { clock });
  const player = await startPlayer(context, relay);
  await player.ask('SETUP', `${relay.url}/video`, interleaved);
  player.socket.pause();
  const [socket] = camera.sockets;
  assert.ok(socket !== undefined);
  // Kernel buffers are some megabytes; what is beyond them waits at the camera.
  for (let sent = 0; sent < 1000 && socket.writableLength < 1_000_000; sent += 1) {
    clock.advance(1000);
    socket.write(largePacket);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(socket.writableLength >= 1_000_000, 'the camera is held up');
  player.socket.resume();
  for (let read = 0; read < 10; read += 1) assert.equal((await player.next()).kind, 'frame');
});

test('a camera is read no faster than one may send, however much it sends and in however small pieces', async (context) => {
  for (const [packet, count] of [
    [largePacket, 160],
    // 160 KiB of nothing but heads.
    [Buffer.from('$\u0004\u0000\u0000', 'latin1'), 40_960],
  ] as const) {
    const camera = await startCamera(context);
    let waitingNow = 0;
    let mostAtOnce = 0;
    let longestMs = 0;
    // No time passes: what was sent beyond what may come at once is owed for ever.
    const relay = await openRelay(context, camera.url, {
      clock: createManualClock(0),
      async delay(ms) {
        waitingNow += 1;
        mostAtOnce = Math.max(mostAtOnce, waitingNow);
        longestMs = Math.max(longestMs, ms);
        await new Promise((resolve) => setImmediate(resolve));
        waitingNow -= 1;
      },
    });
    const player = await startPlayer(context, relay);
    await player.ask('SETUP', `${relay.url}/video`, interleaved);
    const [socket] = camera.sockets;
    assert.equal(longestMs, 0);
    socket?.write(Buffer.concat(Array.from({ length: count }, () => packet)));
    for (let read = 0; read < count; read += 1) assert.equal((await player.next()).kind, 'frame');
    assert.ok(longestMs > 200, 'two megabytes too many are a quarter of a second');
    assert.equal(mostAtOnce, 1, 'nothing is read meanwhile');
  }
});

test('an attempt that is called off leaves nothing open, however far it was', async (context) => {
  const silent = await startCamera(context, () => 'nothing');
  const stop = new AbortController();
  const request = relayRequest(silent.url, stop.signal);
  const opening = openRtspRelay(relayNeeds, request);
  while (silent.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('stopped'));
  await assert.rejects(opening);
  while (silent.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(openRtspRelay(relayNeeds, request), /stopped/);
  // In the moment in which the connection stands, and nobody listens yet.
  const late = new AbortController();
  const connect: typeof relayNeeds.connect = async (to) => {
    const socket = await relayNeeds.connect(to);
    late.abort(new Error('stopped'));
    return socket;
  };
  await assert.rejects(
    openRtspRelay({ ...relayNeeds, connect, silenceMs: 600_000 }, relayRequest(silent.url, late.signal)),
  );
  while (silent.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a camera that answers and ends in one breath leaves no port open, however often', async (context) => {
  const doors = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;
  const camera = await startCamera(context, ({ method, socket, headers }) => {
    if (method !== 'DESCRIBE') return undefined;
    const described = writeMessage('RTSP/1.0 200 OK', { CSeq: headers.get('cseq')?.[0] }, description);
    socket.write(Buffer.concat([described, writeMessage('REDIRECT rtsp://192.0.2.9/ RTSP/1.0', { CSeq: '1' })]));
    return 'nothing';
  });
  // Those of tests before this one are closing still; the camera's own stays.
  const closed = async (): Promise<number> => {
    for (let turn = 0; turn < 1000 && doors() > 1; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return doors();
  };
  assert.equal(await closed(), 1);
  for (let attempt = 0; attempt < 50; attempt += 1)
    await assert.rejects(openRelay(context, camera.url), { code: 'camera_redirects' });
  assert.equal(await closed(), 1);
});

test('whoever came to the door and has not said who they are goes when the relay does, however slowly they speak', async (context) => {
  const camera = await startCamera(context);
  const relay = await openRelay(context, camera.url);
  const strangers = [await startPlayer(context, relay), await startPlayer(context, relay)];
  const speaking = setInterval(() => strangers.forEach(({ socket }) => socket.write('A')), 100);
  context.after(() => clearInterval(speaking));
  for (const { socket } of strangers) if (socket.connecting) await once(socket, 'connect');
  // All who stood in the queue before are let in before this one is told off.
  const refused = await startPlayer(context, relay);
  refused.socket.write('GET / HTTP/1.1\r\n\r\n');
  await refused.closed;
  relay.close();
  for (const { closed } of strangers) await closed;
});
