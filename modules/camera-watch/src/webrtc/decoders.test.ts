import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { filmsMissing } from '@sallyport/testing/camera-films';
import { mayBeJpeg } from '../frames/frame.ts';
import { unlessMissing } from '../perception/weights-testing.ts';
import { createIncomingVideo } from './incoming-video.ts';
import { createPictureDecoder } from './picture-decoder.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { createSoundDecoder, soundBytes } from './sound-decoder.ts';
import { spawnDecoder } from './spawn-decoder.ts';
import type { VideoCodec } from './video-frame.ts';

const ffmpeg = '/usr/bin/ffmpeg';
const skip = unlessMissing(filmsMissing());

function made(...flags: string[]): Buffer {
  const { stdout, status, stderr } = spawnSync(ffmpeg, ['-v', 'error', ...flags, 'pipe:1'], { maxBuffer: 1e8 });
  assert.equal(status, 0, stderr.toString());
  return stdout;
}

/** The pictures of an IVF file. */
function pictures(ivf: Buffer): Buffer[] {
  const found = [];
  for (let at = 32; at < ivf.length;) {
    const length = ivf.readUInt32LE(at);
    found.push(ivf.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return found;
}

/** A second of 25 pictures. */
const film = (size: string): string[] => `-f lavfi -i testsrc=size=${size}:rate=25 -t 1 -pix_fmt yuv420p`.split(' ');
/** H.264 is larger than is handed on. */
const encoded: Readonly<Record<VideoCodec, () => Buffer[]>> = {
  VP8: () =>
    pictures(made(...film('320x180'), ...'-c:v libvpx -deadline realtime -cpu-used 8 -b:v 2M -f ivf'.split(' '))),
  H264() {
    const flags =
      '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -bsf:v h264_metadata=aud=insert';
    const stream = made(...film('1600x900'), ...flags.split(' '), '-f', 'h264');
    const ends = [...stream.toString('latin1').matchAll(/\0\0\0\x01\x09/g)].map(({ index }) => index);
    return ends.map((at, index) => stream.subarray(at, ends[index + 1] ?? stream.length));
  },
};

for (const codec of ['VP8', 'H264'] as const) {
  test(
    `of ${codec} some pictures come out, at most twelve a second and 1280 wide, each with the time it was put in with`,
    { skip },
    async () => {
      const frames = encoded[codec]();
      assert.equal(frames.length, 25);
      const out: { readonly jpeg: Uint8Array; readonly atMs: number }[] = [];
      const done = Promise.withResolvers<string>();
      const decoder = createPictureDecoder({
        ffmpeg,
        codec,
        onPicture(jpeg, atMs) {
          out.push({ jpeg, atMs });
          if (atMs >= 1_000_000 + 800) done.resolve('enough');
        },
        onEnd: (reason) => done.resolve(reason),
      });
      frames.forEach((frame, index) => assert.ok(decoder.write(frame, 1_000_000 + index * 40)));
      assert.equal(await done.promise, 'enough');
      decoder.close();
      const times = out.map(({ atMs }) => atMs - 1_000_000);
      assert.equal(times[0], 0);
      assert.ok(
        times.every((time, index) => time % 40 === 0 && time - (times[index - 1] ?? -1000) >= 85),
        String(times),
      );
      assert.ok(out.every(({ jpeg }) => mayBeJpeg(jpeg)));
      // Height and width stand in its start of frame (ITU-T T.81 section B.2.2).
      const jpeg = Buffer.from(out[0]?.jpeg ?? []);
      const start = jpeg.indexOf(Uint8Array.of(0xff, 0xc0));
      assert.deepEqual(
        [jpeg.readUInt16BE(start + 7), jpeg.readUInt16BE(start + 5)],
        codec === 'H264' ? [1280, 720] : [320, 180],
      );
    },
  );
}

test('a decoder that is fed rubbish, or is not there, ends with a reason and harms nobody', { skip }, async () => {
  for (const program of [ffmpeg, '/nowhere/ffmpeg']) {
    const ended = Promise.withResolvers<string>();
    const decoder = createPictureDecoder({
      ffmpeg: program,
      codec: 'H264',
      onPicture: () => assert.fail('There is no picture'),
      onEnd: ended.resolve,
    });
    decoder.write(Buffer.from('no picture at all'), 5);
    decoder.write(Buffer.alloc(100_000, 7), 6);
    if (program !== ffmpeg) assert.match(await ended.promise, /not found/);
    decoder.close();
    assert.equal(decoder.write(Buffer.from('late'), 7), false);
  }
});

test('a decoder may take so much memory, write no file, and knows nothing of us', async () => {
  const child = spawnDecoder('/bin/sh', ['-c', 'ulimit -v; ulimit -f; ulimit -c; env'], 3);
  const [memory, fileSize, core, ...environment] = (await text(child.stdout)).trim().split('\n');
  // A film of 4096 × 4096 pixels with sixteen pictures to be kept asks for twice as much, and is refused.
  assert.deepEqual([memory, fileSize, core], ['819200', '0', '0']);
  assert.deepEqual(
    environment.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(line)),
    [],
  );
});

test('a packet that is larger than any of Opus is left out', { skip }, () => {
  const decoder = createSoundDecoder({ ffmpeg, onSound: () => undefined, onEnd: () => undefined });
  decoder.write(new Uint8Array(3826));
  decoder.write(new Uint8Array(60_000));
  decoder.close();
});

test('what a decoder does not take is bounded: pictures are left out until the next key picture, which is asked for', () => {
  const asked: number[] = [];
  const written: number[] = [];
  let nowMs = 0;
  let isFull = false;
  const video = createIncomingVideo({
    codec: 'VP8',
    decoder: {
      write(frame) {
        if (isFull) return false;
        written.push(frame[1] ?? 0);
        return true;
      },
    },
    monotonicMs: () => nowMs,
    askForKey: () => asked.push(nowMs),
  });
  let sequence = 0;
  const send = (name: number, isKey: boolean, isSent = true): void => {
    const packet: RtpPacket = {
      sequence,
      timestamp: sequence,
      marker: true,
      payload: Uint8Array.of(0x10, isKey ? 0x10 : 0x11, name),
    };
    sequence += 1;
    if (isSent) video.push(packet);
  };
  send(1, false);
  assert.deepEqual([written, asked], [[], [0]]);
  send(2, true);
  send(3, false);
  isFull = true;
  nowMs = 2000;
  send(4, false);
  isFull = false;
  send(5, false);
  nowMs = 2500;
  video.look();
  assert.deepEqual(
    [written, asked],
    [
      [2, 3],
      [0, 2000],
    ],
  );
  nowMs = 3100;
  video.look();
  send(6, true);
  send(7, false);
  assert.deepEqual(
    [written, asked],
    [
      [2, 3, 6, 7],
      [0, 2000, 3100],
    ],
  );
  // One is lost on the way for good.
  nowMs = 5000;
  send(8, false, false);
  send(9, false);
  nowMs = 5300;
  send(10, false);
  send(11, true);
  assert.deepEqual([written, asked.at(-1)], [[2, 3, 6, 7, 11], 5300]);
});

test('sound comes out half a second at a time as 16 kHz PCM, as loud as it went in', { skip }, async () => {
  // A tone as Opus; its packets are taken out of the pages of Ogg.
  const ogg = made(
    ...'-f lavfi -i sine=frequency=1000:sample_rate=48000 -t 2 -ac 2 -c:a libopus -page_duration 20000 -f ogg'.split(
      ' ',
    ),
  );
  const packets = opusPackets(ogg);
  assert.ok(packets.length > 90);
  const heard: Uint8Array[] = [];
  const enough = Promise.withResolvers<string>();
  const decoder = createSoundDecoder({
    ffmpeg,
    onSound(pcm) {
      heard.push(pcm);
      if (heard.length === 3) enough.resolve('enough');
    },
    onEnd: enough.resolve,
  });
  for (const packet of packets) decoder.write(packet);
  assert.equal(await enough.promise, 'enough');
  decoder.close();
  const [, second = new Uint8Array()] = heard;
  assert.equal(second.length, soundBytes);
  const samples = new Int16Array(Uint8Array.from(second).buffer);
  const crossings = samples.filter((sample, index) => index > 0 && (samples[index - 1] ?? 0) < 0 && sample >= 0).length;
  assert.ok(Math.abs(crossings - 500) <= 2, String(crossings));
  assert.ok(samples.some((sample) => sample > 2000));
});

/** RFC 3533 section 6; packets of a page end with a segment shorter than 255. */
function opusPackets(ogg: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < ogg.length;) {
    const segments = ogg.subarray(at + 27, at + 27 + ogg.readUInt8(at + 26));
    let from = at + 27 + segments.length;
    let length = 0;
    for (const segment of segments) {
      length += segment;
      if (segment === 255) continue;
      packets.push(ogg.subarray(from, from + length));
      from += length;
      length = 0;
    }
    at = from + length;
  }
  return packets.slice(2);
}
