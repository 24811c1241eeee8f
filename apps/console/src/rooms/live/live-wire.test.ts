import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLiveFrame } from './live-wire.ts';

function message(header: unknown, jpeg: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + text.length + jpeg.length);
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, 4);
  bytes.set(jpeg, 4 + text.length);
  return bytes.buffer;
}

const header = { camera: 'c1', sequence: 7, captured_ms: 1000, sent_ms: 1010 };

test('readLiveFrame() gives back camera, times, objects and the picture', () => {
  const person = { label: 'person', score: 0.9, box: [0.1, 0.2, 0.3, 0.4], track: 3 };
  const frame = readLiveFrame(
    message({ ...header, objects: [person], objects_sequence: 6, tampered: 'covered' }, new Uint8Array([255, 216, 1])),
  );
  assert.deepEqual(frame, {
    camera: 'c1',
    sequence: 7,
    capturedMs: 1000,
    sentMs: 1010,
    objects: [person],
    objectsSequence: 6,
    tampered: 'covered',
    jpeg: new Uint8Array([255, 216, 1]),
  });
});

test('readLiveFrame() tells a picture of which only the arrival is known', () => {
  const read = (more: object): unknown => readLiveFrame(message({ ...header, ...more }, new Uint8Array([1])));
  assert.partialDeepStrictEqual(read({ at_arrival: true }), { capturedMs: 1000, isCaptureUnknown: true });
  for (const value of [false, 1, 'yes'])
    assert.ok(!Object.hasOwn(Object(read({ at_arrival: value })), 'isCaptureUnknown'));
});

test('readLiveFrame() leaves out objects that are none, and refuses messages without camera, time or picture', () => {
  const wrong = [
    null,
    7,
    { label: 'x' },
    { label: 'x', score: 1, box: [0, 0, 1] },
    { label: 'x', score: 1, box: ['a', 0, 0, 0] },
  ];
  assert.deepEqual(readLiveFrame(message({ ...header, objects: wrong }, new Uint8Array([1])))?.objects, []);
  assert.equal(readLiveFrame(message({ ...header, camera: 4 }, new Uint8Array([1]))), undefined);
  assert.equal(readLiveFrame(message({ ...header, captured_ms: null }, new Uint8Array([1]))), undefined);
  assert.equal(readLiveFrame(message(header, new Uint8Array())), undefined);
});

test('readLiveFrame() never throws, whatever arrives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.doesNotThrow(() => readLiveFrame(Uint8Array.from(bytes).buffer));
    }),
  );
  fc.assert(
    fc.property(fc.json(), (json) => {
      assert.doesNotThrow(() => readLiveFrame(message(JSON.parse(json), new Uint8Array([1]))));
    }),
  );
});
