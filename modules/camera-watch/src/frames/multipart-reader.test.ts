import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CameraWatchError } from '../errors.ts';
import { frameLimits } from './frame.ts';
import { boundaryOf, createMultipartReader } from './multipart-reader.ts';

function row(parts: readonly Uint8Array[], announced: boolean): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => [
      Buffer.from('\r\n--frame\r\nContent-Type: image/jpeg\r\n'),
      Buffer.from(announced ? `Content-Length: ${part.length}\r\n\r\n` : '\r\n'),
      part,
    ]),
  );
}

function readInPieces(bytes: Uint8Array, sizes: readonly number[]): Buffer[] {
  const reader = createMultipartReader('frame');
  const found: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    found.push(...reader.push(bytes.subarray(at, at + size)).map((part) => Buffer.from(part)));
    at += size;
  }
  return found;
}

test('a row of parts is read as it was written, however it is cut on the way, with lengths and without', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (parts, sizes, announced) => {
        // Without lengths a part may not hold the boundary, and the last is known by the one that follows.
        fc.pre(announced || parts.every((part) => !Buffer.from(part).includes('--frame')));
        const bytes = Buffer.concat([row(parts, announced), Buffer.from('\r\n--frame--\r\n')]);
        assert.deepEqual(
          readInPieces(bytes, sizes),
          parts.map((part) => Buffer.from(part)),
        );
      },
    ),
  );
});

test('parts that say how long they are may hold the boundary', () => {
  const part = Buffer.from('\r\n--frame\r\n\r\n');
  assert.deepEqual(readInPieces(row([part, part], true), [7]), [part, part]);
});

test('whatever bytes come, they are read or refused, and little is held', () => {
  const pieces = fc.constantFrom(
    '--frame',
    '\r\n',
    '\r\n\r\n',
    'Content-Length: 5',
    'Content-Length: 99999999999',
    'Content-Length: -1',
    'x',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 10 })), { maxLength: 60 }), (texts) => {
      const reader = createMultipartReader('frame');
      try {
        for (const text of texts) reader.push(Buffer.from(text));
      } catch (error) {
        assert.ok(error instanceof CameraWatchError);
      }
    }),
  );
});

test('a row without a boundary, a header without an end and a part without one are given up, before much is held', () => {
  const flood = (start: string, byte: string): number => {
    const reader = createMultipartReader('frame');
    const piece = Buffer.from(byte.repeat(1000));
    reader.push(Buffer.from(start));
    for (let bytes = 0; bytes < 4 * frameLimits.jpegBytes; bytes += piece.length) {
      try {
        reader.push(piece);
      } catch {
        return bytes;
      }
    }
    return Number.POSITIVE_INFINITY;
  };
  assert.ok(flood('', 'x') < 10_000);
  assert.ok(flood('--frame\r\n', 'x') < 10_000);
  assert.ok(flood('--frame\r\n\r\n', 'x') < frameLimits.jpegBytes + 10_000);
  const reader = createMultipartReader('frame');
  assert.throws(() => reader.push(Buffer.from(`--frame\r\nContent-Length: ${frameLimits.jpegBytes + 1}\r\n\r\n`)), {
    code: 'frame_invalid',
  });
});

test('the boundary is found in the ways cameras write it', () => {
  assert.equal(boundaryOf('multipart/x-mixed-replace; boundary=frame'), 'frame');
  assert.equal(boundaryOf('multipart/x-mixed-replace;boundary="--my frame"'), '--my frame');
  assert.equal(
    boundaryOf('Multipart/X-Mixed-Replace; charset=x; BOUNDARY=123456789000000000000987654321'),
    '123456789000000000000987654321',
  );
  assert.equal(boundaryOf('multipart/x-mixed-replace'), undefined);
  assert.equal(boundaryOf('multipart/form-data; boundary=x'), undefined);
  const reader = createMultipartReader('--dashed');
  assert.equal(reader.push(Buffer.from('--dashed\r\nContent-Length: 1\r\n\r\nx')).length, 1);
});
