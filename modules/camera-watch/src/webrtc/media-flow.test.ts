import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMediaFlow } from './media-flow.ts';

const alert = Buffer.from('15fefd000000000000000000020100', 'hex');
const hello = Buffer.from('16fefd0000000000000000000401000000', 'hex');
const rtp = Buffer.from('80600001', 'hex');

function setUp() {
  const clock = { nowMs: 0 };
  return { clock, flow: createMediaFlow(() => clock.nowMs) };
}

test('a sender that hangs up is gone two seconds later', () => {
  const { clock, flow } = setUp();
  assert.ok(flow.mayPass(hello) && flow.mayPass(rtp));
  flow.noteMedia();
  flow.mayPass(alert);
  clock.nowMs = 300;
  flow.noteMedia();
  clock.nowMs = 2200;
  assert.equal(flow.isOver(), false);
  clock.nowMs = 2300;
  assert.ok(flow.isOver());
});

test('an alert or a handshake that anybody can make ends nothing while the sender sends', () => {
  const { clock, flow } = setUp();
  flow.noteMedia();
  for (let count = 0; count < 100; count += 1) {
    assert.deepEqual([flow.mayPass(alert), flow.mayPass(hello), flow.mayPass(rtp)], [false, false, true]);
    clock.nowMs += 200;
    flow.noteMedia();
    assert.equal(flow.isOver(), false);
  }
  clock.nowMs += 1100;
  flow.noteMedia();
  clock.nowMs += 10_000;
  // Silence alone is judged elsewhere, and more patiently.
  assert.equal(flow.isOver(), false);
});

test('what is neither DTLS nor RTP never passes', () => {
  const { flow } = setUp();
  for (const first of [4, 19, 64, 127, 192, 255]) assert.equal(flow.mayPass(Uint8Array.of(first, 0)), false);
  assert.equal(flow.mayPass(new Uint8Array()), false);
});
