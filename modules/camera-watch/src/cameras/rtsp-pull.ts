import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { messageOf } from '@sallyport/platform/errors';
import { CameraWatchError } from '../errors.ts';
import { mayBeJpeg } from '../frames/frame.ts';
import { createMultipartReader } from '../frames/multipart-reader.ts';
import { parseCameraAddress, refuseHost } from './camera-address.ts';
import type { Pull } from './pull.ts';

const boundary = 'sallyport-picture';
const maxErrorLength = 4000;

/**
 * Pictures by RTSP over TCP, through Debian's ffmpeg in a process of its own with an empty environment: it parses what a
 * hostile camera sends. The address goes in by its standard input, never by its arguments, which every user of the
 * machine can read. It may open network connections and nothing else, and dies with the attempt.
 * Known gap: ffmpeg itself follows redirects of RTSP. A hostile camera can so have it ask any host, this machine included,
 * for a stream in RTSP; of what is answered only pictures come back.
 */
export function createRtspPull(needs: { readonly allowLoopback: boolean; readonly ffmpeg: string }): Pull {
  return async ({ url: secret, signal, onPicture }) => {
    const url = await resolvedAddress(secret.reveal(), needs);
    signal.throwIfAborted();
    const child = spawn(needs.ffmpeg, ffmpegArguments, { env: {}, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
    let said = '';
    // First of all: without file descriptors left there is neither a process nor a stream, only this error.
    const closed = once(child, 'close').catch((error: unknown) => {
      said = messageOf(error);
    });
    const kill = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-maxErrorLength);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(script(url));
    const reader = createMultipartReader(boundary);
    try {
      for await (const bytes of child.stdout) {
        if (!(bytes instanceof Uint8Array)) continue;
        const newest = reader.push(bytes).at(-1);
        if (newest !== undefined && mayBeJpeg(newest)) onPicture(newest);
      }
    } finally {
      kill();
      signal.removeEventListener('abort', kill);
      await closed;
    }
    signal.throwIfAborted();
    throw new CameraWatchError('camera_input_failed', reasonOf(said));
  };
}

const ffmpegArguments = [
  // No more memory at once than a picture of 4096 × 4096 takes, and none larger is decoded: its header claims what it likes.
  '-hide_banner -loglevel error -max_alloc 134217728 -threads 1 -max_pixels 16777216',
  '-f concat -safe 0 -protocol_whitelist pipe,rtsp,rtp,tcp,tls -i pipe:0',
  "-an -sn -dn -map 0:v:0 -vf fps=10,scale='min(1280,iw)':-2",
  '-c:v mjpeg -q:v 5 -threads 1 -flush_packets 1',
  `-f mpjpeg -boundary_tag ${boundary} pipe:1`,
].flatMap((group) => group.split(' '));

/** `url` has no quote, space or control character: see `parseCameraAddress`. */
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

/** With the address its name leads to now, so that what was checked is what is reached. */
async function resolvedAddress(text: string, options: { readonly allowLoopback: boolean }): Promise<string> {
  const { url } = parseCameraAddress(text, options);
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  let address;
  try {
    address = await lookup(host);
  } catch {
    throw new CameraWatchError('camera_input_failed', 'the camera is not reached: its name leads nowhere');
  }
  refuseHost(address.address, options);
  const resolved = new URL(url);
  resolved.hostname = address.family === 6 ? `[${address.address}]` : address.address;
  return resolved.href;
}

/** What ffmpeg says holds the address, password included: only the kind of failure goes on. */
function reasonOf(said: string): string {
  if (/401 Unauthorized|403 Forbidden/i.test(said)) return 'the camera refused the credentials';
  if (/404 Not Found/i.test(said)) return 'the camera has no such stream';
  if (said.includes('ENOENT')) return 'ffmpeg is not installed on this server';
  if (/refused|timed out|unreachable|no route/i.test(said)) return 'the camera is not reached';
  return 'the camera sent nothing readable';
}
