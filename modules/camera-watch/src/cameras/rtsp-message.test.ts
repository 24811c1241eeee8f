import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CameraWatchError } from '../errors.ts';
import { createRtspReader, rtspLimits, writeMessage, type RtspItem } from './rtsp-message.ts';

const read = (...pieces: readonly (string | Uint8Array)[]): readonly RtspItem[] => {
  const reader = createRtspReader();
  return pieces.flatMap((piece) => [...reader.push(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)]);
};
const frame = (channel: number, payload: string): string =>
  `$${String.fromCodePoint(channel, payload.length >> 8, payload.length & 255)}${payload}`;

test('messages and packets are read as they were written, in whatever pieces they come', () => {
  const header = fc.record({
    name: fc.constantFrom('CSeq', 'Session', 'X-a'),
    value: fc.stringMatching(/^[!-~]{0,20}$/),
  });
  const item = fc.oneof(
    fc.record({ channel: fc.nat(255), payload: fc.string({ unit: 'binary-ascii', maxLength: 300 }) }).map((given) => ({
      bytes: Buffer.from(frame(given.channel, given.payload), 'latin1'),
      shown: `frame ${given.channel} ${given.payload.length + 4}`,
    })),
    fc
      .record({ headers: fc.array(header, { maxLength: 4 }), body: fc.stringMatching(/^[ -~]{0,60}$/) })
      .map((given) => {
        const headers = Object.fromEntries(given.headers.map(({ name, value }) => [name, value]));
        return {
          bytes: writeMessage('RTSP/1.0 200 OK', headers, given.body),
          shown: `200 ${Object.values(headers).join('|')} ${given.body}`,
        };
      }),
    fc.constant({ bytes: writeMessage('PLAY rtsp://a/ RTSP/1.0', {}), shown: 'PLAY rtsp://a/' }),
  );
  const shown = (read: RtspItem): string => {
    if (read.kind === 'frame') return `frame ${read.channel} ${read.bytes.length}`;
    if (read.kind === 'request') return `${read.method} ${read.uri}`;
    const values = [...read.headers].filter(([name]) => name !== 'content-length').map(([, value]) => value[0]);
    return `${read.status} ${values.join('|')} ${Buffer.from(read.body).toString('latin1')}`;
  };
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 })), (items, sizes) => {
      const whole = Buffer.concat(items.map(({ bytes }) => bytes));
      const pieces: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < whole.length; turn += 1) {
        const size = sizes[turn % Math.max(1, sizes.length)] ?? whole.length;
        pieces.push(whole.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(
        read(...pieces).map(shown),
        items.map((given) => given.shown),
      );
    }),
  );
});

test('what is no RTSP, has no end or is too long is refused, however it goes on', () => {
  const attacks: readonly string[][] = [
    ['\u0000'],
    ['HTTP/1.1 200 OK\r\n\r\n'],
    ['RTSP/1.0 2000 OK\r\n\r\n'],
    ['RTSP/1.0 200 OK\r\nA B: c\r\n\r\n'],
    ['RTSP/1.0 200 OK\r\nA: b\r\n folded\r\n\r\n'],
    ['RTSP/1.0 200 OK\r\nA: b\u0000\r\n\r\n'],
    ['RTSP/1.0 200 OK\r\nA: b\nC: d\r\n\r\n'],
    ['RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    [`RTSP/1.0 200 OK\r\nContent-Length: ${rtspLimits.bodyBytes + 1}\r\n\r\n`],
    ['RTSP/1.0 200 OK\r\n', ...Array.from({ length: 40 }, (_, index) => `X-${index}: ${'x'.repeat(500)}\r\n`)],
    [`RTSP/1.0 200 OK\r\n${'X: y\r\n'.repeat(rtspLimits.headers + 1)}\r\n`],
    [frame(0, 'good'), 'RTSP/1.0 200 OK\r\n\r\n', '\u0001garbage'],
  ];
  for (const pieces of attacks)
    assert.throws(() => read(...pieces), { code: 'camera_input_failed' }, JSON.stringify(pieces).slice(0, 80));
  assert.throws(() => writeMessage('RTSP/1.0 200 OK', { A: 'b\r\nC: d' }), { code: 'camera_input_failed' });
});

test('any bytes are read or refused, and nothing else happens', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .string({ unit: fc.constantFrom(...'RTSP/1.0 200$: \r\nCSeq\u0000'.split('')), maxLength: 120 })
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (pieces) => {
      try {
        for (const item of read(...pieces)) assert.ok(item.kind !== 'frame' || item.bytes.length >= 4);
      } catch (error) {
        assert.ok(error instanceof CameraWatchError, String(error));
      }
    }),
  );
});
