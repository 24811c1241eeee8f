import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRtpOrder } from './rtp-order.ts';
import type { RtpPacket } from './rtp-packet.ts';

function packet(sequence: number): RtpPacket {
  return { sequence: sequence & 0xffff, timestamp: 0, marker: false, payload: Uint8Array.of(1) };
}

function told(out: readonly (RtpPacket | 'lost')[]): (number | 'lost')[] {
  return out.map((each) => (each === 'lost' ? each : each.sequence));
}

test('packets that were mixed up on the way come out in the order they were sent, across the end of the count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), fc.array(fc.nat(5), { maxLength: 300 }), (start, delays) => {
      const order = createRtpOrder();
      // Each is late by a few places at most, and the first is the first.
      const sent = delays
        .map((delay, index) => ({ index, at: index === 0 ? -1 : index + delay }))
        .toSorted((a, b) => a.at - b.at || a.index - b.index);
      const out = sent.flatMap(({ index }) => told(order.push(packet(start + index), 0)));
      assert.deepEqual(
        out,
        delays.map((_delay, index) => (start + index) & 0xffff),
      );
    }),
  );
});

test('a packet that is lost is waited for a moment, then told, and comes no more when it comes late', () => {
  const order = createRtpOrder();
  assert.deepEqual(told(order.push(packet(1), 0)), [1]);
  assert.deepEqual(told(order.push(packet(3), 10)), []);
  assert.deepEqual(told(order.push(packet(4), 200)), []);
  assert.deepEqual(told(order.push(packet(5), 260)), ['lost', 3, 4, 5]);
  assert.deepEqual(told(order.push(packet(2), 270)), []);
  assert.deepEqual(told(order.push(packet(6), 280)), [6]);
});

test('a sender that counts from elsewhere is followed, and whatever it counts, what is held is bounded and goes on in order', () => {
  const order = createRtpOrder();
  order.push(packet(10), 0);
  assert.deepEqual(told(order.push(packet(30_000), 0)), ['lost', 30_000]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 400 }), (sequences) => {
      const hostile = createRtpOrder();
      let came = 0;
      let gone = 0;
      for (const sequence of sequences) {
        came += 1;
        const out = hostile.push(packet(sequence), 0);
        gone += out.filter((each) => each !== 'lost').length;
        assert.ok(out.length <= 131 && came >= gone);
      }
    }),
  );
});
