import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CameraWatchError } from '../errors.ts';
import { readDescription, writeDescription } from './rtsp-description.ts';

const base = 'rtsp://192.0.2.7/h264';
const described = (...lines: readonly string[]) => readDescription(['v=0', 's=x', ...lines].join('\r\n'), base);
const video = [
  'm=video 0 RTP/AVP 96 97',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 sprop-parameter-sets=Z0L,aM4',
  'a=control:t1',
];

test('the first picture and the first sound that can be read are taken, and what they are set up by is resolved as players do', () => {
  const found = described(
    'a=control:*',
    'm=application 0 RTP/AVP 107',
    'a=control:meta',
    // MPEG-TS by its number, whatever it is called, and containers by name.
    'm=video 0 RTP/AVP 33',
    'a=rtpmap:33 H264/90000',
    'm=video 0 RTP/AVP 98',
    'a=rtpmap:98 X-QT/90000',
    ...video,
    'a=rtpmap:96 X-QT/90000',
    'm=audio 0 RTP/AVP 98',
    'a=rtpmap:98 X-NOBODY/8000',
    'a=control:t2',
    'm=audio 0 RTP/AVP 0',
    'a=control:rtsp://10.0.0.9:555/other/t3',
  );
  assert.equal(found.video.control, `${base}/t1`);
  assert.deepEqual(found.video.lines, ['m=video 0 RTP/AVP 96', ...video.slice(1, 3)]);
  assert.deepEqual([found.audio?.control, found.control], ['rtsp://10.0.0.9:555/other/t3', base]);
  assert.equal(readDescription(['v=0', ...video].join('\n'), `${base}/`).video.control, `${base}/t1`);
  assert.equal(described(...video, 'm=audio 0 RTP/AVP 98').audio, undefined);
  assert.deepEqual(described('m=video 0 RTP/AVP 26').video.lines, ['m=video 0 RTP/AVP 26']);
});

test('a camera without pictures, or whose track stands at what would end the line, is refused', () => {
  for (const lines of [
    [],
    ['m=audio 0 RTP/AVP 0'],
    ['m=video 0 RTP/SAVP 96'],
    ['m=video 0 udp 96'],
    ['m=video 0 RTP/AVP 96'],
    ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 MP2T/90000'],
    ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000\u0000x'],
    ['m=video 0 RTP/AVP 26', 'a=control:a b'],
    ['m=video 0 RTP/AVP 26', 'a=control:rtsp://x/\u0000'],
    ['m=video 0 RTP/AVP 26', `a=control:${'x'.repeat(5000)}`],
  ])
    assert.throws(() => described(...lines), { code: 'camera_input_failed' }, JSON.stringify(lines).slice(0, 80));
});

test('whatever a camera describes, only how its tracks are encoded goes on', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ...video,
      'm=audio 0 RTP/AVP 8',
      'a=rtpmap:96 MP2T/90000',
      'a=rtpmap:96 H264/90000\u0000x',
      'c=IN IP4 10.9.9.9',
      'a=control:/etc',
    ),
    fc.string().map((text) => `a=fmtp:96 ${text}`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      try {
        const { video: track } = described(...lines);
        const written = writeDescription([{ lines: track.lines, control: 'rtsp://127.0.0.1:1/x/video' }]);
        for (const text of written.split('\r\n'))
          assert.match(
            text,
            /^$|^(?:[vostc]=|m=video 0 RTP\/AVP |a=(?:rtpmap|fmtp|framesize|framerate|control):)[ -~]*$/i,
          );
        assert.doesNotMatch(written, /10\.9\.9\.9/);
        assert.deepEqual(written.match(/rtpmap.*/g), ['rtpmap:96 H264/90000']);
      } catch (error) {
        assert.ok(error instanceof CameraWatchError, String(error));
      }
    }),
  );
});
