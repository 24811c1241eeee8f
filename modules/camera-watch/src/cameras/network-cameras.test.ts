import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createManualClock, systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createSecret } from '@sallyport/platform/secret';
import { yardFilm } from '@sallyport/testing/camera-films';
import { startRtspSource, type RtspSourceOptions } from '@sallyport/testing/rtsp-source';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import type { AudioChunk, Frame } from '../frames/frame.ts';
import { createFrameGate } from '../frames/frame-gate.ts';
import { createFrameHub } from '../frames/frame-hub.ts';
import { createActivities } from './activity.ts';
import { createCameraConnections } from './camera-connection.ts';
import { createNetworkCameras } from './network-cameras.ts';
import { createRtspPull } from './rtsp-pull.ts';
import { createSoundClock } from './sound-clock.ts';

type Cleanup = { after(task: () => unknown): void };

const tls = createTestAuthority().issue({ commonName: 'camera', use: 'serverAuth' });
const fingerprint = new X509Certificate(tls.cert).fingerprint256;
const untilAborted = (_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function watch(
  context: Cleanup,
  given: { readonly source: RtspSourceOptions; readonly sound: boolean; readonly tlsFingerprint?: string },
) {
  const source = await startRtspSource(given.source);
  const hub = createFrameHub({ log: createLog({ clock: systemClock, write: () => undefined }) });
  const connect = createCameraConnections({ allowLoopback: true });
  const rtsp = createRtspPull({
    connect,
    random: randomBytes,
    allowLoopback: true,
    ffmpeg: 'ffmpeg',
    clock: systemClock,
    delay: untilAborted,
  });
  const cameras = createNetworkCameras({
    gate: createFrameGate({ hub, clock: systemClock }),
    clock: systemClock,
    delay: untilAborted,
    pulls: { mjpeg: rtsp, rtsp },
  });
  context.after(async () => {
    await cameras.close();
    await source.close();
  });
  const frames: Frame[] = [];
  const chunks: AudioChunk[] = [];
  const waiting = new Set<() => void>();
  const tell = (): void => waiting.forEach((look) => look());
  hub.subscribe((frame) => {
    frames.push(frame);
    tell();
  });
  hub.subscribeAudio((chunk) => {
    chunks.push(chunk);
    tell();
  });
  const activities = createActivities({ hub, clock: systemClock, isConnected: () => true });
  await cameras.put({
    id: 'yard',
    name: 'Yard',
    place: '',
    site: '',
    url: createSecret(source.url),
    sound: given.sound,
    tlsFingerprint: given.tlsFingerprint,
  });
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void (isSo() && resolve());
      waiting.add(look);
      look();
    });
  return { source, cameras, frames, chunks, activities, until };
}

test('a yard is seen and heard by rtsps with Digest and a certificate of its own, through the relay; how late is not claimed', async (context) => {
  const house = await watch(context, {
    source: {
      credentials: 'admin:hunter2',
      digest: { algorithm: 'SHA-256', nonceUses: 2 },
      tls,
      sound: 'tone',
      film: ['-i', yardFilm],
    },
    sound: true,
    tlsFingerprint: fingerprint,
  });
  await house.until(() => house.frames.length >= 5 && house.chunks.length >= 4);
  const [chunk] = house.chunks;
  assert.ok(chunk !== undefined && chunk.pcm.length === 8000 && chunk.capturedMs <= chunk.receivedMs - 250);
  const samples = new Int16Array(Uint8Array.from(house.chunks[3]?.pcm ?? []).buffer);
  assert.ok(
    samples.some((sample) => Math.abs(sample) > 1000),
    'the tone is heard',
  );
  assert.equal(house.activities.of('yard').latencyMs, undefined);
  assert.equal(house.frames[0]?.isCaptureUnknown, true);
  assert.deepEqual(
    house.source.requests.filter((head) => head.startsWith('SETUP')).map((head) => /track\d/.exec(head)?.[0]),
    // A nonce that was used up is asked for anew, and the request repeated.
    ['track1', 'track2', 'track2'],
  );
  assert.equal(house.cameras.find('yard')?.problem, undefined);
});

test('no sound is fetched that nobody asked for, and a track that is silent or of no known kind harms no picture', async (context) => {
  const houses = await Promise.all([
    watch(context, { source: { sound: 'tone' }, sound: false }),
    watch(context, { source: { sound: 'silent' }, sound: true }),
    watch(context, { source: { sound: 'unreadable' }, sound: true }),
  ]);
  await Promise.all(houses.map(({ until, frames }) => until(() => frames.length >= 3)));
  assert.deepEqual(
    houses.map(({ source }) => source.requests.filter((head) => head.startsWith('SETUP')).length),
    [1, 2, 1],
  );
  assert.deepEqual(
    houses.map(({ chunks }) => chunks.length),
    [0, 0, 0],
  );
});

test('a camera with another certificate than the trusted one brings nothing, and which one it shows is told', async (context) => {
  const { cameras, frames, source } = await watch(context, { source: { tls }, sound: false, tlsFingerprint: '00:11' });
  while (cameras.find('yard')?.problem?.code !== 'camera_certificate_changed')
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(cameras.find('yard')?.problem?.fingerprint, fingerprint);
  assert.deepEqual([frames.length, source.requests.length], [0, 0]);
});

test('pieces of sound stand in a row as the network jitters, and begin anew after a gap', () => {
  const clock = createManualClock(10_000);
  const at = createSoundClock();
  const piece = new Uint8Array(8000);
  const starts = [0, 250, 260, 240, 250, 5000].map((laterMs) => {
    clock.advance(laterMs);
    return at(piece, clock.nowMs());
  });
  assert.deepEqual(starts, [9750, 10_000, 10_250, 10_500, 10_750, 15_750]);
});
