import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFault, mayBringSound } from './camera-url.ts';

test('Addresses of cameras are told from what is none', () => {
  for (const good of [
    'rtsp://192.0.2.20/s',
    ' rtsps://a:b@cam.example:322/s ',
    'http://192.0.2.4/stream',
    'https://cam.example/',
  ])
    assert.equal(addressFault(good), undefined, good);
  for (const bad of ['', '192.0.2.20', 'file:///etc/passwd', 'ftp://x/', 'javascript:alert(1)', 'rtsp:///x'])
    assert.notEqual(addressFault(bad), undefined, bad);
});

test('Sound is offered where it can come from', () => {
  assert.ok(mayBringSound(' rtsps://cam/ ') && mayBringSound('rtsp://a:b@192.0.2.1/x'));
  for (const without of ['http://cam/', 'rtsp', '']) assert.ok(!mayBringSound(without), without);
});
