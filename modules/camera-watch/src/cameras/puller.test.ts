import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createSecret } from '@sallyport/platform/secret';
import { CameraWatchError } from '../errors.ts';
import { startPuller } from './pull.ts';

/** At once, and aborted at once. */
const noDelay = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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
      fingerprint: undefined,
      onSound: undefined,
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
  assert.equal(puller.problem()?.message, 'no picture for 15 seconds');
  await puller.stop();
  assert.equal(open, 0);
  assert.deepEqual(waits.filter((ms) => ms !== 15_000).slice(0, 4), [1000, 2000, 4000, 8000]);
});

test('after a wrong password a camera is left alone for five minutes, and without sound where the attempt with it hung', async () => {
  const clock = createManualClock(0);
  const waits: number[] = [];
  const heard: boolean[] = [];
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => (enough = resolve));
  const puller = startPuller(
    {
      clock,
      async delay(ms, signal) {
        waits.push(ms);
        if (ms === 300_000) {
          enough();
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        }
        clock.advance(ms);
        await noDelay();
      },
    },
    {
      url: createSecret('rtsp://10.0.0.1/'),
      fingerprint: undefined,
      onPicture: () => undefined,
      onSound: () => undefined,
      async pull({ signal, onSound }) {
        heard.push(onSound !== undefined);
        if (heard.length === 4) throw new CameraWatchError('camera_credentials_refused', 'refused');
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    },
  );
  await done;
  assert.equal(puller.problem()?.code, 'camera_credentials_refused');
  await puller.stop();
  assert.deepEqual(heard, [true, false, true, false]);
  assert.equal(waits.at(-1), 300_000);
});

test('a camera that shows a picture and is gone is asked less and less often, and at once after it held', async () => {
  const clock = createManualClock(0);
  const waits: number[] = [];
  let attempts = 0;
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => (enough = resolve));
  const puller = startPuller(
    {
      clock,
      async delay(ms, signal) {
        // How long there may be no picture is watched, too.
        if (attempts === 7) enough();
        else if (ms < 15_000) waits.push(ms);
        if (attempts < 7) return noDelay();
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    },
    {
      url: createSecret('rtsp://10.0.0.1/'),
      fingerprint: undefined,
      onPicture: () => undefined,
      onSound: undefined,
      async pull({ onPicture }) {
        attempts += 1;
        onPicture(new Uint8Array(4));
        if (attempts === 6) clock.advance(10_000);
      },
    },
  );
  await done;
  await puller.stop();
  assert.deepEqual(waits, [1000, 2000, 4000, 5000, 5000, 500]);
});
