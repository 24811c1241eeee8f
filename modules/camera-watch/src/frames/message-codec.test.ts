import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CameraWatchError } from '../errors.ts';
import { parseDeviceMessage } from './device-message.ts';
import { frameLimits, mayBeAudio, mayBeJpeg } from './frame.ts';
import { decodeMessage, encodeMessage } from './message-codec.ts';
import { parseViewerMessage } from './viewers.ts';

test('a message is read as it was written, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 20 }), fc.oneof(fc.string({ maxLength: 50 }), fc.integer(), fc.boolean()), {
        maxKeys: 10,
        noNullPrototype: true,
      }),
      fc.uint8Array({ maxLength: 200 }),
      (header, payload) => {
        const read = decodeMessage(encodeMessage({ header, payload }));
        assert.deepEqual(JSON.stringify(read.header), JSON.stringify(header));
        assert.deepEqual(Buffer.from(read.payload), Buffer.from(payload));
      },
    ),
  );
});

test('bytes that are no message are refused, in our own words', () => {
  const prefixed = (length: number, rest: string): Uint8Array => {
    const bytes = Buffer.alloc(4 + rest.length);
    bytes.writeUInt32BE(length, 0);
    bytes.write(rest, 4, 'latin1');
    return bytes;
  };
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(3),
    prefixed(0, ''),
    prefixed(3, '{}'),
    prefixed(0xffffffff, '{}'),
    prefixed(frameLimits.headerBytes + 1, 'x'.repeat(frameLimits.headerBytes + 1)),
    prefixed(2, '[]'),
    prefixed(4, 'null'),
    prefixed(2, '{"'),
    prefixed(4, '"\xff"'),
  ])
    assert.throws(() => decodeMessage(bytes), { code: 'message_invalid' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeMessage(bytes);
      } catch (error) {
        assert.ok(error instanceof CameraWatchError);
      }
    }),
  );
  assert.throws(() => encodeMessage({ header: { text: 'x'.repeat(5000) }, payload: new Uint8Array(0) }), TypeError);
});

test('whatever text a device or a page sends is read or refused, and never anything else', () => {
  const json = fc.oneof(fc.string(), fc.json());
  const typed = fc
    .record({
      type: fc.constantFrom('hello', 'clock', 'receipt', 'position', 'state', 'bye', 'watch', 'shown'),
      width: fc.anything(),
      t0: fc.anything(),
      command_id: fc.anything(),
      ok: fc.anything(),
      latitude: fc.anything(),
      stored_segments: fc.anything(),
      cameras: fc.anything(),
      sequence: fc.anything(),
    })
    .map((message) => {
      try {
        return JSON.stringify(message);
      } catch {
        return '{}';
      }
    });
  fc.assert(
    fc.property(fc.oneof(json, typed), (text) => {
      for (const parse of [parseDeviceMessage, parseViewerMessage]) {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof CameraWatchError, String(error));
        }
      }
    }),
  );
});

test('what a device says of itself is checked', () => {
  assert.deepEqual(parseDeviceMessage('{"type":"hello","width":640,"height":480,"audio":true}'), {
    type: 'hello',
    width: 640,
    height: 480,
    audio: true,
  });
  const position = { type: 'position', latitude: 52.5, longitude: 13.4, accuracy_m: 8, at_ms: 1000 };
  assert.deepEqual(parseDeviceMessage(JSON.stringify(position)), {
    type: 'position',
    latitude: 52.5,
    longitude: 13.4,
    accuracyM: 8,
    atMs: 1000,
  });
  assert.deepEqual(parseDeviceMessage('{"type":"state","charging":true,"stored_segments":3}'), {
    type: 'state',
    charging: true,
    storedSegments: 3,
  });
  assert.equal(parseDeviceMessage('{"type":"something newer"}'), undefined);
  for (const message of [
    { ...position, latitude: 91 },
    { ...position, longitude: null },
    { type: 'state', stored_segments: -1 },
    { type: 'hello', width: 1e9, height: 1 },
    { type: 'receipt', command_id: 1, ok: true },
    { type: 'clock', t0: '0' },
  ])
    assert.throws(() => parseDeviceMessage(JSON.stringify(message)), { code: 'message_invalid' });
  assert.throws(() => parseDeviceMessage(`{"type":"state","x":"${'x'.repeat(3000)}"}`), { code: 'message_invalid' });
});

test('only what begins as a JPEG and is not too large may be one, and sound is whole samples of at most a second', () => {
  assert.ok(mayBeJpeg(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)));
  assert.ok(!mayBeJpeg(Uint8Array.of(0xff, 0xd8, 0xff)));
  assert.ok(!mayBeJpeg(Buffer.from('GIF89a')));
  const large = new Uint8Array(frameLimits.jpegBytes + 1);
  large.set([0xff, 0xd8, 0xff]);
  assert.ok(!mayBeJpeg(large));
  assert.deepEqual(
    [0, 1, 2, 32_000, 32_002].map((length) => mayBeAudio(new Uint8Array(length))),
    [false, false, true, true, false],
  );
});
