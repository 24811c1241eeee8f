import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CameraWatchError } from '../errors.ts';
import { parseCameraAddress, refuseHost, shownAddress } from './camera-address.ts';
import { guardedLookup } from './guarded-lookup.ts';

const strict = { allowLoopback: false };

test('addresses of cameras are taken, and shown without anything that may be secret', () => {
  const kinds = [
    ['http://192.168.1.7:81/stream', 'mjpeg', 'http://192.168.1.7:81'],
    ['https://admin:hunter2@camera.example/video?key=hunter2', 'mjpeg', 'https://camera.example'],
    ['rtsp://admin:hunter2@10.0.0.9:554/h264', 'rtsp', 'rtsp://10.0.0.9:554'],
    ['rtsps://[fd12::7]/x', 'rtsp', 'rtsps://[fd12::7]'],
  ] as const;
  for (const [text, kind, shown] of kinds) {
    const address = parseCameraAddress(text, strict);
    assert.deepEqual([address.kind, shownAddress(address.url)], [kind, shown]);
  }
});

test('other schemes, this machine, and addresses where clouds keep credentials are refused, without a word of the address', () => {
  for (const text of [
    'file:///etc/passwd',
    'concat:/etc/passwd',
    'data:image/jpeg;base64,/9j/',
    'gopher://10.0.0.1/hunter2',
    'tcp://10.0.0.1:22',
    'ftp://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://metadata.google.internal/hunter2',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://224.0.0.1/',
    'http://127.0.0.1:8470/v1/keys',
    'http://localhost:8470/',
    'http://x.localhost/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'rtsp://127.0.0.1/',
    'rtsp://[::ffff:7f00:1]/',
    'rtsp://10.0.0.1/x\nfile /etc/passwd',
    'rtsp://10.0.0.1/ x',
    'http://10.0.0.1/#hunter2',
    'rtsp:///x',
    'camera',
    '',
    `http://10.0.0.1/${'x'.repeat(2000)}`,
  ])
    assert.throws(
      () => parseCameraAddress(text, strict),
      (error) =>
        error instanceof CameraWatchError &&
        error.code === 'camera_url_refused' &&
        !/hunter2|passwd/.test(error.message),
      text,
    );
  assert.equal(parseCameraAddress('http://127.0.0.1:81/stream', { allowLoopback: true }).kind, 'mjpeg');
  assert.throws(() => parseCameraAddress('http://169.254.169.254/', { allowLoopback: true }));
});

test('any text is an address of a camera or refused, and never anything else', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc
      .tuple(fc.constantFrom('rtsp', 'http', 'file', 'RTSPS'), fc.string())
      .map(([scheme, rest]) => `${scheme}://${rest}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const { url } = parseCameraAddress(text, strict);
        assert.ok(['http:', 'https:', 'rtsp:', 'rtsps:'].includes(url.protocol));
        assert.doesNotMatch(url.href, /[\s"\\]/);
      } catch (error) {
        assert.ok(error instanceof CameraWatchError, String(error));
      }
    }),
  );
});

test('a name is judged by the addresses it leads to when it is asked', async () => {
  const look = (options: { readonly allowLoopback: boolean }): Promise<unknown> =>
    new Promise((resolve) =>
      guardedLookup(options)('localhost', { all: true }, (error, found) => resolve(error ?? found)),
    );
  const refused = await look(strict);
  assert.ok(refused instanceof CameraWatchError && refused.code === 'camera_url_refused');
  assert.ok(Array.isArray(await look({ allowLoopback: true })));
  for (const address of ['169.254.1.1', 'fe80::1', '255.255.255.255', 'ff02::1'])
    assert.throws(() => refuseHost(address, { allowLoopback: true }), { code: 'camera_url_refused' });
});
