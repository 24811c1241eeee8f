import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createH264Frames } from './h264-frames.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { maxVideoFrameBytes } from './video-frame.ts';
import type { VideoFrame } from './video-frame.ts';
import { createVp8Frames } from './vp8-frames.ts';

function packet(payload: readonly number[] | Uint8Array, marker = false, timestamp = 1): RtpPacket {
  return { sequence: 0, timestamp, marker, payload: Uint8Array.from(payload) };
}

function hexOf(frame: VideoFrame | 'broken' | undefined): string {
  assert.ok(frame !== undefined && frame !== 'broken');
  return Buffer.from(frame.bytes).toString('hex');
}

const unit = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((rest) => [0x65, ...rest]);

test('H.264 in single units, aggregates and fragments becomes one byte stream, and a picture with an IDR is a key', () => {
  const frames = createH264Frames();
  assert.equal(frames.push(packet([0x67, 1, 2])), undefined);
  assert.equal(frames.push(packet([0x78, 0, 2, 0x68, 3, 0, 1, 0x06])), undefined);
  assert.equal(frames.push(packet([0x7c, 0x85, 4, 5])), undefined);
  assert.equal(frames.push(packet([0x7c, 0x05, 6])), undefined);
  const key = frames.push(packet([0x7c, 0x45, 7], true));
  assert.equal(hexOf(key), '000000016701020000000168030000000106000000016504050607');
  assert.equal(key !== 'broken' && key?.isKey, true);
  const next = frames.push(packet([0x61, 9], true, 2));
  assert.equal(next !== 'broken' && next?.isKey, false);
});

test('every unit of H.264 comes out as it went in, in however many fragments it was sent', () => {
  fc.assert(
    fc.property(unit, fc.integer({ min: 1, max: 20 }), (bytes, size) => {
      const frames = createH264Frames();
      const [header = 0, ...rest] = bytes;
      const pieces = Array.from({ length: Math.ceil(rest.length / size) }, (_piece, at) =>
        rest.slice(at * size, (at + 1) * size),
      );
      const last = pieces.length - 1;
      const out = pieces.map((piece, at) => {
        const flags = (at === 0 ? 0x80 : 0) | (at === last ? 0x40 : 0);
        return frames.push(packet([(header & 0xe0) | 28, flags | (header & 0x1f), ...piece], at === last));
      });
      assert.equal(hexOf(out.at(-1)), `00000001${Buffer.from(bytes).toString('hex')}`);
    }),
  );
});

test('of H.264, a fragment without its beginning, an aggregate that claims too much, another mode and an end that never came are broken', () => {
  const attacks = [
    [packet([0x7c, 0x05, 1], true)],
    [packet([0x78, 0xff, 0xff, 1], true)],
    [packet([0x78, 0, 0], true)],
    [packet([0x7b, 1, 2], true)],
    [packet([0x7c], true)],
    [packet([0x65, 1], false, 1), packet([0x65, 1], true, 2)],
    [packet([0x7c, 0x85, 1], false), packet([0x7c, 0x85, 1], false)],
    [packet([0x7c, 0x85, 1], true)],
  ];
  for (const attack of attacks) {
    const frames = createH264Frames();
    assert.equal(attack.map((each) => frames.push(each)).at(-1), 'broken');
    assert.ok(frames.push(packet([0x65, 1], true, 9)) !== 'broken');
  }
});

test('VP8 is put together behind its descriptors, whatever they hold, and a key picture is known by its first bit', () => {
  const frames = createVp8Frames();
  assert.equal(frames.push(packet([0x10, 0x10, 1])), undefined);
  const key = frames.push(packet([0x00, 2], true));
  assert.equal(hexOf(key), '100102');
  assert.equal(key !== 'broken' && key?.isKey, true);
  // Picture number of 15 bits, layer number, key index: RFC 7741 section 4.2.
  const next = frames.push(packet([0x90, 0xe0, 0x80, 0x01, 0x07, 0x20, 0x11, 3], true, 2));
  assert.equal(hexOf(next), '1103');
  assert.equal(next !== 'broken' && next?.isKey, false);
  assert.equal(frames.push(packet([0x00, 2], true, 3)), 'broken');
  assert.equal(frames.push(packet([0x90, 0x80], true, 4)), 'broken');
});

test('whatever comes is a picture, a part of one, or broken, and no picture is larger than is held', () => {
  const packets = fc.array(
    fc.record({
      sequence: fc.constant(0),
      timestamp: fc.nat(3),
      marker: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 30 }),
    }),
    { maxLength: 60 },
  );
  for (const create of [createH264Frames, createVp8Frames])
    fc.assert(
      fc.property(packets, (sent) => {
        const frames = create();
        for (const each of sent) {
          const frame = frames.push(each);
          assert.ok(frame === undefined || frame === 'broken' || frame.bytes.length > 0);
        }
      }),
    );
  const large = { sequence: 0, timestamp: 1, marker: false, payload: new Uint8Array(65_000).fill(0x10) };
  for (const [create, beginning] of [
    [createH264Frames, Uint8Array.of(0x65, 1)],
    [createVp8Frames, Uint8Array.of(0x10, 0x10)],
  ] as const) {
    const frames = create();
    frames.push(packet(beginning));
    large.payload[0] = create === createH264Frames ? 0x61 : 0x00;
    const out = Array.from({ length: Math.ceil(maxVideoFrameBytes / 64_000) + 1 }, () => frames.push(large));
    assert.ok(out.includes('broken'));
  }
});
