import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { createFramePeer } from '@sallyport/platform/frames';
import { runWebrtc } from './run-webrtc.ts';

function setUp() {
  const [here, there] = duplexPair();
  const tasks: (() => void)[] = [];
  const memory = { bytes: 120_000_000 };
  const exited = Promise.withResolvers<void>();
  let hasExited = false;
  void exited.promise.then(() => (hasExited = true));
  runWebrtc({
    stream: there,
    ffmpeg: '/nowhere/ffmpeg',
    monotonicMs: () => 0,
    random: (length) => new Uint8Array(length),
    residentBytes: () => memory.bytes,
    every: (_intervalMs, task) => void tasks.push(task),
    exit: exited.resolve,
  });
  const server = createFramePeer(here, {});
  return {
    server,
    memory,
    exited: exited.promise,
    hasExited: () => hasExited,
    look: () => tasks.forEach((task) => task()),
  };
}

test('the process ends with its connection, also before it was asked for anything', async () => {
  const { server, look, exited } = setUp();
  look();
  server.close();
  await exited;
});

test('a process whose sender fills its memory ends', async () => {
  const { memory, look, exited, hasExited } = setUp();
  look();
  assert.equal(hasExited(), false);
  memory.bytes = 600_000_000;
  look();
  await exited;
});
