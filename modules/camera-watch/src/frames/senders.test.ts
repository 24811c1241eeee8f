import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import type { AudioChunk, Frame } from './frame.ts';
import { createFrameGate } from './frame-gate.ts';
import { createFrameHub } from './frame-hub.ts';
import { createMemorySocket, picture } from './memory-socket.fixture.ts';
import { encodeMessage } from './message-codec.ts';
import { createSenders } from './senders.ts';

function start() {
  const clock = createManualClock(1_800_000_000_000);
  const hub = createFrameHub({ log: createLog({ clock, write: () => undefined }) });
  const frames: Frame[] = [];
  const sound: AudioChunk[] = [];
  const goodbyes: string[] = [];
  hub.subscribe((frame) => frames.push(frame));
  hub.subscribeAudio((chunk) => sound.push(chunk));
  const late: (() => void)[] = [];
  let made = 0;
  const senders = createSenders({
    gate: createFrameGate({ hub, clock }),
    clock,
    random: (length) => new Uint8Array(length).fill((made += 1)),
    delay: (_ms, signal) =>
      new Promise((resolve) => {
        late.push(resolve);
        signal.addEventListener('abort', () => resolve());
      }),
    onGoodbye: (id, why) => goodbyes.push(`${id} ${why}`),
  });
  const frame = (sequence: number, more: object = {}, jpeg = picture()): Uint8Array =>
    encodeMessage({ header: { kind: 'frame', sequence, captured_ms: clock.nowMs(), ...more }, payload: jpeg });
  return {
    clock,
    hub,
    senders,
    frames,
    sound,
    goodbyes,
    frame,
    passTime: () => late.splice(0).forEach((end) => end()),
  };
}

test('a frame of a device goes into the hub under its own id alone, and is answered as taken', () => {
  const { senders, frames, frame } = start();
  const socket = createMemorySocket();
  const device = senders.open('phone', socket);
  device.text('{"type":"hello","width":640,"height":480,"audio":true}');
  device.bytes(frame(7, { camera: 'another', cameraId: 'another', camera_id: 'another' }));
  assert.deepEqual(
    frames.map(({ cameraId, sequence, width, height }) => [cameraId, sequence, width, height]),
    [['phone', 1, 640, 480]],
  );
  assert.deepEqual(socket.said(), [
    { type: 'pace', per_second: 10 },
    { type: 'taken', sequence: 7 },
  ]);
});

test('sound goes its own way, whole samples and no more of it than there is time', () => {
  const { clock, senders, sound } = start();
  const device = senders.open('phone', createMemorySocket());
  const second = (length: number): Uint8Array =>
    encodeMessage({
      header: { kind: 'audio', sequence: 1, captured_ms: clock.nowMs() },
      payload: new Uint8Array(length),
    });
  for (let count = 0; count < 100; count += 1) device.bytes(second(32_000));
  assert.equal(sound.length, 4);
  assert.throws(() => device.bytes(second(32_002)), { code: 'frame_invalid' });
  assert.throws(() => device.bytes(second(3)), { code: 'frame_invalid' });
});

test('what is no frame is refused, and a picture is not looked into', () => {
  const { clock, senders, frames, frame } = start();
  const device = senders.open('phone', createMemorySocket());
  // A picture of 60,000 by 60,000 in its header, as bombs are: it is the perceiver’s to survive.
  const bomb = Buffer.concat([picture(), Buffer.from([0xff, 0xc0, 0, 17, 8, 0xea, 0x60, 0xea, 0x60])]);
  device.bytes(frame(1, {}, bomb));
  assert.deepEqual(frames[0]?.jpeg, bomb);
  assert.throws(() => device.bytes(frame(2, {}, Buffer.from('GIF89a'))), { code: 'frame_invalid' });
  assert.throws(() => device.bytes(frame(2, { captured_ms: 'now' })), { code: 'message_invalid' });
  assert.throws(() => device.bytes(frame(-1)), { code: 'message_invalid' });
  assert.throws(() => device.bytes(frame(2, { kind: 'key' })), { code: 'message_invalid' });
  assert.throws(() => device.bytes(Buffer.from([0, 0, 0xff, 0xff])), { code: 'message_invalid' });
  clock.advance(1000);
  device.bytes(frame(3));
  assert.equal(frames.length, 2);
});

test('a device that sends ten thousand frames at once is answered, and only so many are looked at', () => {
  const { clock, senders, frames, frame } = start();
  const socket = createMemorySocket();
  const device = senders.open('phone', socket);
  for (let count = 0; count < 10_000; count += 1) device.bytes(frame(count));
  assert.equal(frames.length, 10);
  clock.advance(1000);
  for (let count = 0; count < 100; count += 1) device.bytes(frame(count));
  assert.equal(frames.length, 20);
  // One that reads nothing is told nothing more.
  socket.said();
  socket.waiting = 1024 * 1024;
  device.bytes(frame(1));
  assert.deepEqual(socket.said(), []);
});

test('a lying clock moves a picture by ten seconds at most, and never into the future', () => {
  const { clock, senders, frames, frame } = start();
  const device = senders.open('phone', createMemorySocket());
  device.text(JSON.stringify({ type: 'clock', t0: clock.nowMs() }));
  clock.advance(1000);
  device.bytes(frame(1, { captured_ms: clock.nowMs() + 1e12 }));
  clock.advance(1000);
  device.bytes(frame(2, { captured_ms: 0 }));
  for (const { capturedMs, receivedMs } of frames) {
    assert.ok(capturedMs <= receivedMs);
    assert.ok(capturedMs >= receivedMs - 10_000);
  }
});

test('the clock of the server is told to whoever asks', () => {
  const { clock, senders } = start();
  const socket = createMemorySocket();
  const device = senders.open('phone', socket);
  socket.said();
  device.text('{"type":"clock","t0":5}');
  assert.deepEqual(socket.said(), [{ type: 'clock', t0: 5, t1: clock.nowMs() }]);
});

test('a device has one socket: the newest counts, and the one before is not heard any more', () => {
  const { senders, frames, frame } = start();
  const [older, newer] = [createMemorySocket(), createMemorySocket()];
  const before = senders.open('phone', older);
  const after = senders.open('phone', newer);
  assert.deepEqual(older.closed, { code: 4001, reason: 'replaced' });
  assert.deepEqual(older.said().at(-1), { type: 'bye', code: 'replaced' });
  before.bytes(frame(1));
  before.text('{"type":"state","charging":true}');
  before.closed();
  assert.equal(frames.length, 0);
  assert.deepEqual(senders.state('phone'), { connected: true });
  after.bytes(frame(2));
  assert.equal(frames.length, 1);
});

test('a revoked device is told so, cut off, and what it still sends is not heard', () => {
  const { senders, frames, frame } = start();
  const socket = createMemorySocket();
  const device = senders.open('phone', socket);
  device.text('{"type":"state","charging":true}');
  senders.cut('phone');
  assert.deepEqual(socket.said().at(-1), { type: 'bye', code: 'device_revoked' });
  assert.equal(socket.closed?.code, 4003);
  device.bytes(frame(1));
  assert.equal(frames.length, 0);
  assert.equal(senders.state('phone'), undefined);
});

test('a command is done when its receipt says so, and nothing else is', async () => {
  const { senders, passTime } = start();
  const socket = createMemorySocket();
  const device = senders.open('phone', socket);
  const command = async (): Promise<string> => {
    const id = socket.said().find(({ type }) => type === 'command')?.['id'];
    return typeof id === 'string' ? id : '';
  };
  const done = senders.command('phone', { torch: true });
  device.text(JSON.stringify({ type: 'receipt', command_id: await command(), ok: true }));
  assert.deepEqual(await done, { state: 'done' });

  const refused = senders.command('phone', { speak: 'Go away' });
  device.text(JSON.stringify({ type: 'receipt', command_id: await command(), ok: false, reason: 'no voice' }));
  assert.deepEqual(await refused, { state: 'refused', reason: 'no voice' });

  const forged = senders.command('phone', { siren: true });
  device.text(JSON.stringify({ type: 'receipt', command_id: 'another', ok: true }));
  passTime();
  assert.deepEqual(await forged, { state: 'unconfirmed', reason: 'no receipt' });

  const left = senders.command('phone', { siren: true });
  device.closed();
  assert.deepEqual(await left, { state: 'unconfirmed', reason: 'disconnected' });
  await assert.rejects(senders.command('phone', { siren: true }), { code: 'camera_takes_no_commands' });
});

test('what a device says of itself is kept after it is gone, and a goodbye is told', () => {
  const { clock, senders, goodbyes } = start();
  const device = senders.open('phone', createMemorySocket());
  device.text(JSON.stringify({ type: 'position', latitude: 1, longitude: 2, accuracy_m: 3, at_ms: clock.nowMs() }));
  device.text('{"type":"state","charging":false,"stored_segments":4}');
  device.text('{"type":"bye"}');
  device.closed();
  assert.deepEqual(goodbyes, ['phone said_goodbye']);
  assert.deepEqual(senders.state('phone'), {
    connected: false,
    charging: false,
    storedSegments: 4,
    position: { latitude: 1, longitude: 2, accuracyM: 3, atMs: clock.nowMs() },
  });
});

test('a goodbye ends the connection: what comes after it is not heard, so that none can be said over and over', () => {
  const { senders, goodbyes, frames, frame } = start();
  const socket = createMemorySocket();
  const device = senders.open('phone', socket);
  for (let again = 0; again < 50; again += 1) {
    device.text('{"type":"bye"}');
    device.bytes(frame(again));
  }
  assert.deepEqual(goodbyes, ['phone said_goodbye']);
  assert.equal(frames.length, 0);
  assert.equal(socket.closed?.code, 1000);
  assert.equal(senders.state('phone'), undefined);
});

test('a page that was closed is told apart from somebody who switched the camera off, whatever else stands there', () => {
  for (const [text, why] of [
    ['{"type":"bye","why":"page_closed"}', 'page_closed'],
    ['{"type":"bye","why":"revoked"}', 'said_goodbye'],
    ['{"type":"bye","why":7}', 'said_goodbye'],
  ] as const) {
    const { senders, goodbyes } = start();
    senders.open('phone', createMemorySocket()).text(text);
    assert.deepEqual(goodbyes, [`phone ${why}`]);
  }
});
