import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeSegment, encodeSegment, readSegmentHeader, SegmentFormatError, segmentStatement } from './index.ts';
import type { SegmentRecord } from './index.ts';

const startedMs = Date.UTC(2026, 10, 22, 9);

/** Any segment: records in the order of time. */
const segments = fc
  .record({
    camera: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
    durationMs: fc.nat(120_000),
    parts: fc.array(
      fc.tuple(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ maxLength: 40 })),
      {
        maxLength: 12,
      },
    ),
  })
  .map(({ camera, durationMs, parts }) => ({
    camera,
    startedMs,
    endedMs: startedMs + durationMs,
    records: parts
      .map(([isFrame, share, payload]): SegmentRecord => {
        const kind = isFrame ? 'frame' : 'audio';
        return { kind, atMs: startedMs + Math.floor(share * durationMs), payload };
      })
      .toSorted((left, right) => left.atMs - right.atMs),
  }));

test('decodeSegment() reads what encodeSegment() wrote', () => {
  fc.assert(
    fc.property(segments, (segment) => {
      const read = decodeSegment(encodeSegment(segment));
      assert.equal(read.camera, segment.camera);
      assert.equal(read.endedMs, segment.endedMs);
      assert.equal(read.frames + read.audio, segment.records.length);
      assert.deepEqual(
        read.records.map(({ kind, atMs, payload }) => ({ kind, atMs, payload: [...payload] })),
        segment.records.map(({ kind, atMs, payload }) => ({ kind, atMs, payload: [...payload] })),
      );
    }),
  );
});

test('Whatever decodeSegment() accepts is written the one way: a flipped bit is refused or another segment', () => {
  fc.assert(
    fc.property(segments, fc.nat(), (segment, place) => {
      const bytes = encodeSegment(segment);
      const flipped = bytes.slice();
      const bit = place % (bytes.length * 8);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        assert.deepEqual(encodeSegment(decodeSegment(flipped)), flipped);
      } catch (error) {
        assert.ok(error instanceof SegmentFormatError);
      }
    }),
  );
});

test('decodeSegment() throws nothing but its own error, on any bytes and on every cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodeSegment(bytes), SegmentFormatError);
      assert.throws(
        () => decodeSegment(Uint8Array.from([...new TextEncoder().encode('SPSEG1\n'), ...bytes])),
        SegmentFormatError,
      );
    }),
  );
  const payload = new Uint8Array(5);
  const whole = encodeSegment({
    camera: 'a',
    startedMs,
    endedMs: startedMs + 9,
    records: [
      { kind: 'frame', atMs: startedMs, payload },
      { kind: 'audio', atMs: startedMs + 9, payload },
    ],
  });
  for (let length = 0; length < whole.length; length += 1)
    assert.throws(() => decodeSegment(whole.subarray(0, length)), SegmentFormatError);
  assert.throws(() => decodeSegment(Uint8Array.from([...whole, 0])), SegmentFormatError);
  assert.equal(readSegmentHeader(whole.subarray(0, 100)).frames, 1);
});

test('encodeSegment() refuses what it could not read again', () => {
  const payload = new Uint8Array(1);
  const good = { camera: 'a', startedMs, endedMs: startedMs + 10, records: [] };
  for (const bad of [
    { ...good, camera: '' },
    { ...good, camera: '../../etc' },
    { ...good, camera: 'a'.repeat(65) },
    { ...good, startedMs: Number.NaN },
    { ...good, endedMs: startedMs - 1 },
    { ...good, endedMs: startedMs + 120_001 },
    { ...good, records: [{ kind: 'frame', atMs: startedMs + 11, payload }] as const },
    { ...good, records: [{ kind: 'frame', atMs: startedMs - 1, payload }] as const },
    {
      ...good,
      records: [
        { kind: 'frame', atMs: startedMs + 5, payload },
        { kind: 'frame', atMs: startedMs + 4, payload },
      ] as const,
    },
  ])
    assert.throws(() => encodeSegment(bad), SegmentFormatError);
});

test('segmentStatement() names camera, times and bytes, one a line', () => {
  assert.equal(
    segmentStatement({ camera: 'yard', startedMs: 1, endedMs: 2, plainSha256: 'ab' }),
    'sallyport-segment/1\nyard\n1\n2\nab',
  );
});
