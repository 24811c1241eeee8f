import { Readable } from 'node:stream';
import { messageOf } from '@sallyport/platform/errors';
import { mayBeJpeg } from '../frames/frame.ts';
import { createMultipartReader } from '../frames/multipart-reader.ts';
import { ivfFrameHeader, ivfHeader } from './ivf.ts';
import { spawnDecoder } from './spawn-decoder.ts';
import type { VideoCodec } from './video-frame.ts';

/** Encoded pictures in, some of them out as JPEG: at most ten a second, at most 1280 wide. */
export type PictureDecoder = {
  /** `atMs`, which never goes back, is told with the JPEG. False when it was not taken: what waits is too much already. */
  write(frame: Uint8Array, atMs: number): boolean;
  close(): void;
};

export type PictureDecoderNeeds = {
  /** The program. */
  readonly ffmpeg: string;
  readonly codec: VideoCodec;
  /** `atMs` is that of `write`. */
  readonly onPicture: (jpeg: Uint8Array, atMs: number) => void;
  /** It ended, not by `close`. */
  readonly onEnd: (reason: string) => void;
};

const boundary = 'sallyport-picture';
/** Some seconds of a usual stream: more than that and it will not catch up. */
const maxWaitingBytes = 2 * 1024 * 1024;
const maxErrorLength = 500;
/** So far may one pipe be ahead of the other. */
const mostUnmatched = 20;
const maxLineLength = 1000;

/**
 * ffmpeg in a process of its own with an empty environment, which may read its pipes and nothing else: it parses what a
 * hostile sender made. Which picture is which it tells by their times, on a pipe beside the pictures.
 */
export function createPictureDecoder(needs: PictureDecoderNeeds): PictureDecoder {
  const { codec, onPicture, onEnd } = needs;
  const child = spawnDecoder(needs.ffmpeg, ffmpegArguments, 4);
  // Told on two pipes: whichever is read first waits for the other.
  const times: number[] = [];
  const untimed: Uint8Array[] = [];
  const reader = createMultipartReader(boundary);
  let firstMs: number | undefined;
  let said = '';
  let isOver = false;

  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    child.kill('SIGKILL');
    onEnd(reason);
  };

  function match(): void {
    while (!isOver && times.length > 0 && untimed.length > 0) {
      const [time = 0, jpeg = new Uint8Array()] = [times.shift(), untimed.shift()];
      if (firstMs !== undefined && mayBeJpeg(jpeg)) onPicture(jpeg, firstMs + time);
    }
    if (Math.max(times.length, untimed.length) > mostUnmatched) end('the decoder tells no times, or no pictures');
  }

  child.once('error', (error) => end(messageOf(error)));
  child.once('close', () => end(said === '' ? 'the decoder ended' : said));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-maxErrorLength);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(ivfHeader(codec));
  child.stdout.on('data', (bytes: Buffer) => {
    try {
      untimed.push(...reader.push(bytes));
      match();
    } catch (error) {
      end(messageOf(error));
    }
  });
  const timePipe = child.stdio[3];
  if (timePipe instanceof Readable) {
    readTimes(timePipe, (time) => {
      times.push(time);
      match();
    });
  }

  return {
    write(frame, atMs) {
      if (isOver || child.stdin.writableLength + frame.length > maxWaitingBytes) return false;
      firstMs ??= atMs;
      child.stdin.write(ivfFrameHeader(frame.length, atMs - firstMs));
      child.stdin.write(frame);
      return true;
    },
    close() {
      isOver = true;
      child.kill('SIGKILL');
    },
  };
}

function readTimes(pipe: Readable, onTime: (ms: number) => void): void {
  let rest = '';
  pipe.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-maxLineLength);
    for (const line of lines) {
      const time = /\bpts:(\d{1,15})\b/.exec(line)?.[1];
      if (time !== undefined) onTime(Number(time));
    }
  });
  pipe.on('error', () => undefined);
}

const ffmpegArguments = [
  // No more memory at once than a picture of 4096 × 4096 takes, and none larger is decoded.
  '-hide_banner -loglevel error -max_alloc 134217728 -max_pixels 16777216 -threads 1 -flags low_delay',
  // The container says what is in it: nothing has to be looked for in the first pictures.
  '-fpsprobesize 0 -analyzeduration 1 -probesize 32 -protocol_whitelist pipe -f ivf -i pipe:0',
  '-an -sn -dn -map 0:v:0 -vf',
  [
    String.raw`select=isnan(prev_selected_t)+gte(t-prev_selected_t\,0.085)`,
    String.raw`scale=min(1280\,iw):-2`,
    'metadata=mode=add:key=seen:value=1',
    String.raw`metadata=mode=print:direct=1:file='pipe\:3'`,
  ].join(','),
  '-fps_mode passthrough -c:v mjpeg -q:v 5 -threads 1 -flush_packets 1',
  `-f mpjpeg -boundary_tag ${boundary} pipe:1`,
].flatMap((group) => group.split(' '));
