import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { codeOf } from '@sallyport/platform/errors';
import { CameraWatchError } from '../errors.ts';
import { frameLimits, mayBeJpeg } from '../frames/frame.ts';
import { createMultipartReader } from '../frames/multipart-reader.ts';
import { parseCameraAddress } from './camera-address.ts';
import type { Pull, PullRequest } from './pull.ts';
import { openRtspRelay, type RelayNeeds, type RtspRelay } from './rtsp-relay.ts';

const boundary = 'sallyport-picture';
/** A quarter of a second, as phones send it. */
const soundBytes = frameLimits.audioBytes / 4;

/**
 * Pictures, and sound where it is wanted, by RTSP over TCP. A relay of ours speaks with the camera; Debian's ffmpeg, in a
 * process of its own with an empty environment, parses what a hostile camera sends and speaks with the relay alone. It
 * knows neither address nor password, and dies with the attempt. A sound track that cannot be read harms no picture: where
 * ffmpeg ends over it, it is left out.
 */
export function createRtspPull(
  needs: RelayNeeds & {
    readonly allowLoopback: boolean;
    readonly ffmpeg: string;
  },
): Pull {
  return async (request) => {
    const { fingerprint, memory, signal } = request;
    const { url } = parseCameraAddress(request.url.reveal(), needs);
    for (let withSound = request.onSound !== undefined; ; withSound = false) {
      const relay = await openRtspRelay(needs, { url, fingerprint, memory, withSound, signal });
      const { came, why } = await play(relay, request);
      signal.throwIfAborted();
      if (came || !relay.hasSound) throw why;
    }
  };

  /** Until it is over: why, and whether there was a picture. */
  async function play(
    relay: RtspRelay,
    { signal, onPicture, onSound }: PullRequest,
  ): Promise<{ readonly came: boolean; readonly why: CameraWatchError }> {
    let came = false;
    let failure: CameraWatchError | undefined;
    const child = spawn(needs.ffmpeg, ffmpegArguments(relay.hasSound), {
      env: {},
      // What it says of a camera may be in the words of that camera.
      stdio: ['pipe', 'pipe', 'ignore', ...(relay.hasSound ? ['pipe' as const] : [])],
      cwd: '/',
    });
    // First of all: without file descriptors left there is neither a process nor a stream, only this error.
    const closed = once(child, 'close').catch((error: unknown) => {
      failure = notStarted(error);
    });
    const kill = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    void relay.ended.then((error) => {
      failure ??= error;
      kill();
    });
    try {
      child.stdin?.on('error', () => undefined).end(script(relay.url));
      if (relay.hasSound && onSound !== undefined) hearSound(child, onSound);
      const reader = createMultipartReader(boundary);
      for await (const bytes of child.stdout ?? []) {
        if (!(bytes instanceof Uint8Array)) continue;
        const newest = reader.push(bytes).at(-1);
        if (newest === undefined || !mayBeJpeg(newest)) continue;
        came = true;
        onPicture(newest);
      }
    } finally {
      kill();
      signal.removeEventListener('abort', kill);
      // What the relay says of its end from here on is that we ended it.
      failure ??= new CameraWatchError('camera_input_failed', 'the camera sent nothing readable');
      relay.close();
      await closed;
    }
    return { came, why: failure };
  }
}

/** Pieces of the same length, until it ends. */
function hearSound(child: ChildProcess, onSound: (pcm: Uint8Array) => void): void {
  const { stdio }: { readonly stdio?: readonly unknown[] } = child;
  const stream = stdio?.[3];
  // There are none where it could not be started.
  if (!isReadable(stream)) return;
  let held = Buffer.alloc(0);
  stream.on('error', () => undefined);
  stream.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    for (; held.length >= soundBytes; held = held.subarray(soundBytes))
      onSound(new Uint8Array(held.subarray(0, soundBytes)));
  });
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'read' in stream;
}

function ffmpegArguments(withSound: boolean): string[] {
  return [
    // No more memory at once than a picture of 4096 × 4096 takes, and none larger is decoded: its header claims what it likes.
    '-hide_banner -loglevel error -max_alloc 134217728 -threads 1 -max_pixels 16777216',
    '-analyzeduration 500000 -f concat -safe 0 -protocol_whitelist pipe,rtsp,rtp,tcp -i pipe:0',
    "-an -sn -dn -map 0:v:0 -vf fps=10,scale='min(1280,iw)':-2",
    '-c:v mjpeg -q:v 5 -threads 1 -flush_packets 1',
    `-f mpjpeg -boundary_tag ${boundary} pipe:1`,
    ...(withSound ? ['-vn -sn -dn -map 0:a:0 -ac 1 -ar 16000 -c:a pcm_s16le -flush_packets 1 -f s16le pipe:3'] : []),
  ].flatMap((group) => group.split(' '));
}

/** By its standard input, not by its arguments, which every user of the machine can read: who knows the path may watch. */
function script(url: string): string {
  return [
    'ffconcat version 1.0',
    `file '${url}'`,
    'option rtsp_transport tcp',
    'option timeout 10000000',
    // Half a second of it is enough to see what it is; by itself ffmpeg looks for five.
    'option analyzeduration 500000',
    'option fflags nobuffer',
    '',
  ].join('\n');
}

function notStarted(error: unknown): CameraWatchError {
  const code = codeOf(error);
  return new CameraWatchError(
    'camera_input_failed',
    code === 'ENOENT' ? 'ffmpeg is not installed on this server' : `ffmpeg cannot be started: ${code ?? 'failed'}`,
  );
}
