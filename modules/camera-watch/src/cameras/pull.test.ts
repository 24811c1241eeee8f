import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock, systemClock } from '@sallyport/platform/clock';
import { createSecret } from '@sallyport/platform/secret';
import { startRtspSource } from '@sallyport/testing/rtsp-source';
import { startMjpegCamera, testPictures } from '@sallyport/testing/simulated-camera';
import { createMjpegPull } from './mjpeg-pull.ts';
import { startPuller, type Pull } from './pull.ts';
import { createRtspPull } from './rtsp-pull.ts';

/** At once, and aborted at once. */
const noDelay = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const mjpeg = createMjpegPull({ allowLoopback: true, clock: systemClock, delay: noDelay });
const rtsp = createRtspPull({ allowLoopback: true, ffmpeg: 'ffmpeg' });
const pictures = testPictures(3);

function pullFrom(pull: Pull, url: string) {
  const stop = new AbortController();
  const seen: Uint8Array[] = [];
  let came = (): void => undefined;
  const ended = pull({
    url: createSecret(url),
    signal: stop.signal,
    onPicture(jpeg) {
      seen.push(jpeg);
      came();
    },
  }).then(
    () => 'ended',
    (error: unknown) => (error instanceof Error ? error.message : 'failed'),
  );
  return {
    seen,
    ended,
    stop: () => stop.abort(new Error('stopped')),
    async until(count: number): Promise<void> {
      while (seen.length < count) await new Promise<void>((resolve) => (came = resolve));
    },
  };
}

async function watched(camera: { watchers(): number }): Promise<void> {
  while (camera.watchers() === 0) await noDelay();
}

test('pictures of an ESP32 are fetched as it shows them, with its credentials', async (context) => {
  const camera = await startMjpegCamera({ credentials: 'admin:hunter2' });
  context.after(() => camera.close());
  const pulling = pullFrom(mjpeg, camera.url);
  await watched(camera);
  for (const [index, picture] of pictures.entries()) {
    camera.show(picture);
    await pulling.until(index + 1);
  }
  assert.deepEqual(
    pulling.seen.map((jpeg) => Buffer.from(jpeg)),
    pictures.map((jpeg) => Buffer.from(jpeg)),
  );
  pulling.stop();
  await pulling.ended;
  const wrong = pullFrom(mjpeg, camera.url.replace('hunter2', 'wrong'));
  assert.match(await wrong.ended, /refused the credentials/);
});

test('a camera that sends no pictures, or endless ones, is given up; why is said without its address', async (context) => {
  const camera = await startMjpegCamera({ credentials: 'admin:hunter2' });
  context.after(() => camera.close());
  const attacks: readonly Uint8Array[] = [
    Buffer.alloc(20_000, 'x'),
    Buffer.from('--123456789000000000000987654321\r\nContent-Length: 99999999\r\n\r\n'),
    Buffer.from('--123456789000000000000987654321\r\nContent-Length: 6\r\n\r\nGIF89a'),
  ];
  for (const bytes of attacks) {
    const pulling = pullFrom(mjpeg, camera.url);
    await watched(camera);
    camera.showRaw(bytes);
    const why = await pulling.ended;
    assert.match(why, /Cannot|no JPEG/);
    assert.doesNotMatch(why, /hunter2|127\.0\.0\.1/);
    assert.equal(pulling.seen.length, 0);
    while (camera.watchers() > 0) await noDelay();
  }
  await camera.close();
  assert.match(await pullFrom(mjpeg, camera.url).ended, /not reached/);
  assert.match(
    await pullFrom(createMjpegPull({ allowLoopback: false, clock: systemClock, delay: noDelay }), camera.url).ended,
    /this machine/,
  );
});

test('pictures come by RTSP through ffmpeg, whose arguments hold no password, and nothing of it is left after', async (context) => {
  const source = await startRtspSource({ credentials: 'admin:hunter2' });
  context.after(() => source.close());
  const pulling = pullFrom(rtsp, source.url);
  await pulling.until(3);
  assert.deepEqual([...(pulling.seen[0]?.subarray(0, 3) ?? [])], [0xff, 0xd8, 0xff]);
  pulling.stop();
  assert.equal(await pulling.ended, 'stopped');
  assert.match(await pullFrom(rtsp, source.url.replace('hunter2', 'wrong')).ended, /refused the credentials/);
});

test('an RTSP source that hangs is let go of when it is told to stop, and one that is not there is said to be', async (context) => {
  const source = await startRtspSource();
  context.after(() => source.close());
  source.hang();
  const pulling = pullFrom(rtsp, source.url);
  pulling.stop();
  assert.equal(await pulling.ended, 'stopped');
  const gone = await pullFrom(rtsp, 'rtsp://127.0.0.1:9/live').ended;
  assert.match(gone, /not reached/);
  const missing = createRtspPull({ allowLoopback: true, ffmpeg: '/nowhere/ffmpeg' });
  assert.match(await pullFrom(missing, source.url).ended, /not installed/);
});

test('a camera that is silent for fifteen seconds is begun anew, each time later, and stopping waits for all of it', async () => {
  const clock = createManualClock(0);
  const waits: number[] = [];
  let attempts = 0;
  let open = 0;
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => (enough = resolve));
  const puller = startPuller(
    {
      clock,
      async delay(ms, signal) {
        waits.push(ms);
        clock.advance(ms);
        await noDelay();
        if (attempts === 5 || signal.aborted) enough();
      },
    },
    {
      url: createSecret('rtsp://10.0.0.1/'),
      onPicture: () => undefined,
      async pull({ signal }) {
        attempts += 1;
        open += 1;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        open -= 1;
        throw new Error('aborted');
      },
    },
  );
  await done;
  assert.equal(puller.problem(), 'no picture for 15 seconds');
  await puller.stop();
  assert.equal(open, 0);
  assert.deepEqual(waits.filter((ms) => ms !== 15_000).slice(0, 4), [1000, 2000, 4000, 8000]);
});
