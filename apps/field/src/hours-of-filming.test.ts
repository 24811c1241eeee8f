// Hours of filming in seconds: everything of the page but the browser's own parts, before a server that is gone now and then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createBackoff } from './filming/backoff.ts';
import { createClockOffset } from './filming/clock-offset.ts';
import { createFilming } from './filming/filming.ts';
import { createLink } from './filming/link.ts';
import type { LinkState } from './filming/link.ts';
import { createPacing } from './filming/pacing.ts';
import { createRecordingDesk } from './recording/recording-desk.ts';
import { memoryFiles } from './recording/recording.fixture.ts';
import { createSegmentRecorder } from './recording/segment-recorder.ts';

const deviceId = '0123456789abcdef';
const frameMs = 100;
const pieceMs = 250;
const hourMs = 3_600_000;
const hours = 2;
/** Measured so often. */
const rounds = 4;
/** Of each quarter of an hour one minute without a network. */
const [quarterMs, awayMs] = [900_000, 60_000];
/** In the middle one of the rounds, 17,000 pictures: what keeps one object of each is over it. */
const growthLimitBytes = 500_000;

setFlagsFromString('--expose-gc');
const collect: (() => void) | undefined = runInNewContext('gc');

function heapBytes(): number {
  for (let again = 0; again < 3; again += 1) collect?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Time that passes when it is told to. */
function createTime() {
  let nowMs = Date.UTC(2026, 10, 22);
  let timers: { readonly atMs: number; readonly work: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    after(ms: number, work: () => void): () => void {
      const timer = { atMs: nowMs + ms, work };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    waiting: () => timers.length,
    async pass(ms: number): Promise<void> {
      nowMs += ms;
      const due = timers.filter(({ atMs }) => atMs <= nowMs);
      timers = timers.filter(({ atMs }) => atMs > nowMs);
      for (const { work } of due) work();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A server that takes every picture and answers the time, until its line breaks. */
function createSocket() {
  const target = new EventTarget();
  const says = (message: object): void => {
    target.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  };
  return Object.assign(target, {
    bufferedAmount: 0,
    send(message: string | ArrayBufferView | ArrayBufferLike | Blob) {
      if (typeof message === 'string') {
        const said: { readonly type: string; readonly t0?: number } = JSON.parse(message);
        if (said.type === 'clock') queueMicrotask(() => says({ type: 'clock', t0: said.t0, t1: said.t0 }));
      } else if (message instanceof Uint8Array) {
        const length = new DataView(message.buffer).getUint32(0);
        const header: { readonly kind: string; readonly sequence: number } = JSON.parse(
          new TextDecoder().decode(message.subarray(4, 4 + length)),
        );
        if (header.kind === 'frame') queueMicrotask(() => says({ type: 'taken', sequence: header.sequence }));
      }
    },
    close: () => undefined,
    says,
    opens: () => target.dispatchEvent(new Event('open')),
    breaks: () => target.dispatchEvent(Object.assign(new Event('close'), { code: 1006 })),
  });
}

async function createPhone() {
  const time = createTime();
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const recording = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const files = memoryFiles();
  let isAway = false;
  let waiting = 0;
  let socket: ReturnType<typeof createSocket> | undefined;
  let hear = (_capturedMs: number, _pcm: Uint8Array): void => undefined;
  const counted = { pictures: 0, stored: 0, breaks: 0 };
  const desk = createRecordingDesk({
    keyStore: { read: async () => ({ keys: { signing, recording }, identity: { deviceId, fingerprint: '' } }) },
    openFiles: async () => files,
    estimate: async () => ({ quota: 1e9 }),
    ask: async () => (isAway ? { kind: 'unreachable' } : { kind: 'ok', body: { state: 'kept' } }),
    host: 'home.example',
    crypto,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    tell(news) {
      if (news.kind !== 'status') return;
      const isMore = news.status.waiting > waiting;
      waiting = news.status.waiting;
      if (isMore && !isAway) desk.take({ kind: 'upload', token: 'spd_x' });
    },
  });
  desk.take({ kind: 'open', deviceId });
  const pacing = createPacing();
  const link = createLink({
    session: {
      standing: async () =>
        isAway
          ? { kind: 'unreachable' }
          : { kind: 'approved', token: 'spd_x', device: { name: '', place: '', site: '' } },
      forget: () => undefined,
    },
    openSocket() {
      const opened = createSocket();
      socket = opened;
      queueMicrotask(() => opened.opens());
      return opened;
    },
    backoff: createBackoff(() => 1),
    pacing,
    clockOffset: createClockOffset(0),
    nowMs: time.nowMs,
    after: time.after,
    hello: () => ({ width: 640, height: 480, audio: true }),
    onState(state: LinkState) {
      filming.linkChanged(state);
      if (state === 'connected') desk.take({ kind: 'upload', token: 'spd_x' });
      else desk.take({ kind: 'pause' });
    },
    onTaken: (sequence) => filming.taken(sequence),
    onCommand: (command) => filming.command(command),
    onRevoked: () => undefined,
  });
  const filming = createFilming({
    openCamera: async () => ({
      stream: Object.create(null),
      hasSound: true,
      isSoundRefused: false,
      torch: async () => true,
      close: () => undefined,
    }),
    show: async () => undefined,
    async grab() {
      counted.pictures += 1;
      return { jpeg: new Uint8Array(600).fill(counted.pictures), width: 640, height: 480 };
    },
    async captureSound(_stream, onPiece) {
      hear = onPiece;
      return { stop: () => undefined };
    },
    link,
    pacing,
    segments: createSegmentRecorder((segment) => {
      counted.stored += segment.isDelivered ? 0 : 1;
      desk.take({ kind: 'store', segment, keep: false });
    }),
    speak: async () => true,
    siren: { start: () => true, stop: () => undefined },
    nowMs: time.nowMs,
    offsetMs: () => 0,
    after: time.after,
    onChange: () => undefined,
  });
  return {
    counted,
    files,
    filming,
    waiting: () => waiting,
    timers: time.waiting,
    async pass(ms: number): Promise<void> {
      for (const untilMs = time.nowMs() + ms; time.nowMs() < untilMs; await time.pass(frameMs / 2)) {
        const intoMs = time.nowMs() % quarterMs;
        if (intoMs === 0) {
          isAway = true;
          counted.breaks += 1;
          socket?.breaks();
        }
        if (intoMs === awayMs) isAway = false;
        if (intoMs % pieceMs === 0) hear(time.nowMs() - pieceMs, new Uint8Array(80));
        if (intoMs % 30_000 === 0) socket?.says({ type: 'command', id: `command ${time.nowMs()}`, torch: true });
      }
    },
  };
}

test(`${hours} hours of filming, a network that goes and comes, and commands: nothing the page holds grows`, async (context) => {
  const phone = await createPhone();
  await phone.filming.start({ facing: 'environment', sound: true });
  const heap: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await phone.pass((hours * hourMs) / rounds);
    heap.push(heapBytes());
  }
  // Now and then the collector gives a large piece back: one round of three may say anything.
  const grew = heap.slice(1).map((bytes, at) => bytes - (heap[at] ?? 0));
  const [, grewBytes = Infinity] = grew.toSorted((left, right) => left - right);
  context.diagnostic(`${JSON.stringify(phone.counted)}; bytes after each round: ${heap.join(' ')}`);
  assert.ok(
    phone.counted.pictures > 50_000 &&
      phone.counted.stored >= 6 * phone.counted.breaks &&
      phone.counted.stored < 12 * phone.counted.breaks,
    JSON.stringify(phone.counted),
  );
  assert.ok(grewBytes < growthLimitBytes, `${grewBytes} bytes`);
  assert.equal(phone.waiting(), 0);
  assert.equal(phone.files.kept.size, 0);
  assert.ok(phone.timers() <= 4, `${phone.timers()} timers`);
  phone.filming.stop();
});
