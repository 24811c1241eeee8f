import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { systemClock } from '@sallyport/platform/clock';
import { createSecret } from '@sallyport/platform/secret';
import { startRtspSource } from '@sallyport/testing/rtsp-source';
import { startMjpegCamera, testPictures } from '@sallyport/testing/simulated-camera';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { createCameraMemory } from './camera-authentication.ts';
import { createCameraConnections } from './camera-connection.ts';
import { createMjpegPull } from './mjpeg-pull.ts';
import type { Pull, PullRequest } from './pull.ts';
import { createRtspPull } from './rtsp-pull.ts';

/** At once, and aborted at once. */
const noDelay = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const strict = { allowLoopback: false };
const connect = createCameraConnections({ allowLoopback: true });
const needs = { connect, random: randomBytes, allowLoopback: true, clock: systemClock, delay: noDelay };
const mjpeg = createMjpegPull(needs);
const rtsp = createRtspPull({ ...needs, ffmpeg: 'ffmpeg' });
const pictures = testPictures(3);

function pullFrom(pull: Pull, url: string, more: Partial<PullRequest> = {}) {
  const stop = new AbortController();
  const seen: Uint8Array[] = [];
  let came = (): void => undefined;
  const ended = pull({
    url: createSecret(url),
    signal: stop.signal,
    fingerprint: undefined,
    onSound: undefined,
    memory: createCameraMemory(),
    ...more,
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

/** The arguments of what this process started and has not ended, as everybody on the machine can read them. */
function programs(): readonly string[] {
  return readdirSync('/proc').flatMap((id) => {
    try {
      const status = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
      return Number(status) === process.pid ? [readFileSync(`/proc/${id}/cmdline`, 'utf8')] : [];
    } catch {
      // It is no process, or has ended meanwhile.
      return [];
    }
  });
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

test('Digest is spoken where it is asked for, also when the nonce is too old by the next picture; HTTPS needs the right certificate', async (context) => {
  const tls = createTestAuthority().issue({ commonName: 'camera', use: 'serverAuth' });
  const camera = await startMjpegCamera({
    credentials: 'admin:hun:ter2',
    digest: { algorithm: 'SHA-256', nonceUses: 1 },
    tls,
  });
  context.after(() => camera.close());
  const fingerprint = new X509Certificate(tls.cert).fingerprint256;
  for (let round = 0; round < 2; round += 1) {
    const pulling = pullFrom(mjpeg, camera.url, { fingerprint });
    await watched(camera);
    camera.show(pictures[0] ?? new Uint8Array());
    await pulling.until(1);
    camera.drop();
    await pulling.ended;
    while (camera.watchers() > 0) await noDelay();
  }
  assert.match(await pullFrom(mjpeg, camera.url.replace('ter2', 'wrong'), { fingerprint }).ended, /refused the cred/);
  const before = camera.requests();
  assert.match(await pullFrom(mjpeg, camera.url).ended, /Nobody known here vouches/);
  assert.match(await pullFrom(mjpeg, camera.url, { fingerprint: '00:11' }).ended, /another certificate/);
  assert.equal(camera.requests(), before);
});

test('a camera that asks for ever, or sends us to another address, is not asked again by HTTP', async (context) => {
  let asked = 0;
  const answers = [
    [401, { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth", stale=true' }, /refused the credentials/],
    [302, { location: 'http://127.0.0.1:9/' }, /another address/],
  ] as const;
  const server = createServer((request, response) => {
    asked += 1;
    const [status, headers] = answers[request.url === '/0' ? 0 : 1];
    response.writeHead(status, headers).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  const origin = `http://a:b@127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  for (const [index, [, , why]] of answers.entries())
    assert.match(await pullFrom(mjpeg, `${origin}/${index}`).ended, why);
  assert.equal(asked, 3 + 1);
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
    await pullFrom(createMjpegPull({ ...needs, connect: createCameraConnections(strict), ...strict }), camera.url)
      .ended,
    /this machine/,
  );
});

test('pictures come by RTSP through ffmpeg, whose arguments hold no password, and nothing of it is left after', async (context) => {
  const source = await startRtspSource({ credentials: 'admin:hunter2' });
  context.after(() => source.close());
  const pulling = pullFrom(rtsp, source.url);
  await pulling.until(3);
  assert.deepEqual([...(pulling.seen[0]?.subarray(0, 3) ?? [])], [0xff, 0xd8, 0xff]);
  const decoding = programs().filter((line) => line.includes('sallyport-picture'));
  assert.equal(decoding.length, 1);
  assert.doesNotMatch(decoding.join(), /hunter2|127\.0\.0\.1/);
  pulling.stop();
  assert.equal(await pulling.ended, 'stopped');
  assert.deepEqual(
    programs().filter((line) => line.includes('sallyport-picture')),
    [],
  );
  assert.match(await pullFrom(rtsp, source.url.replace('hunter2', 'wrong')).ended, /refused the credentials/);
});

test('an RTSP source that hangs is let go of when it is told to stop, and one that is not there is said to be', async (context) => {
  const source = await startRtspSource();
  context.after(() => source.close());
  source.hang();
  const pulling = pullFrom(rtsp, source.url);
  while (source.requests.length === 0) await noDelay();
  pulling.stop();
  assert.match(await pulling.ended, /closed|stopped/);
  const gone = await pullFrom(rtsp, 'rtsp://127.0.0.1:9/live').ended;
  assert.match(gone, /not reached/);
  const other = await startRtspSource();
  context.after(() => other.close());
  const missing = createRtspPull({ ...needs, ffmpeg: '/nowhere/ffmpeg' });
  assert.match(await pullFrom(missing, other.url).ended, /not installed/);
});
