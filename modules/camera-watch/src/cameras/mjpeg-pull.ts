import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import { CameraWatchError } from '../errors.ts';
import { mayBeJpeg, frameLimits } from '../frames/frame.ts';
import { boundaryOf, createMultipartReader } from '../frames/multipart-reader.ts';
import { pacedBytes } from '../frames/paced-bytes.ts';
import { parseCameraAddress } from './camera-address.ts';
import { guardedLookup } from './guarded-lookup.ts';
import type { Pull } from './pull.ts';

const singleEveryMs = 500;

/**
 * Pictures by HTTP: an endless multipart of JPEGs, or one JPEG a request, asked for twice a second. Basic authentication
 * from the address; redirects are not followed, so that a camera cannot send us elsewhere.
 */
export function createMjpegPull(needs: {
  readonly allowLoopback: boolean;
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}): Pull {
  return async ({ url: secret, signal, onPicture }) => {
    const { url } = parseCameraAddress(secret.reveal(), needs);
    for (;;) {
      const response = await get(url, signal);
      try {
        const contentType = response.headers['content-type'] ?? '';
        const boundary = boundaryOf(contentType);
        if (boundary !== undefined) {
          await readParts(pacedBytes(response, needs, signal), boundary, onPicture);
          return;
        }
        if (!/^image\/jpe?g\b/i.test(contentType)) throw failed('the camera answered with no picture');
        onPicture(await readSingle(response));
      } finally {
        response.destroy();
      }
      await needs.delay(singleEveryMs, signal);
      signal.throwIfAborted();
    }
  };

  async function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    const sent = (url.protocol === 'https:' ? tlsRequest : plainRequest)(bare, {
      agent: false,
      signal,
      lookup: guardedLookup(needs),
      maxHeaderSize: 16_384,
      headers: {
        accept: 'multipart/x-mixed-replace, image/jpeg',
        'user-agent': 'Sallyport',
        ...(credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve);
      sent.on('error', (error) =>
        reject(
          error instanceof CameraWatchError ? error : failed(`the camera is not reached: ${codeOf(error) ?? 'failed'}`),
        ),
      );
    });
    sent.end();
    const response = await answered;
    // Its errors are those of whoever reads it.
    response.on('error', () => undefined);
    if (response.statusCode === 200) return response;
    response.destroy();
    throw failed(
      response.statusCode === 401
        ? 'the camera refused the credentials (Basic is spoken, Digest is not)'
        : `the camera answered ${response.statusCode ?? 0}`,
    );
  }
}

async function readParts(
  stream: AsyncIterable<Uint8Array>,
  boundary: string,
  onPicture: (jpeg: Uint8Array) => void,
): Promise<void> {
  const reader = createMultipartReader(boundary);
  for await (const bytes of stream) {
    const newest = reader.push(bytes).at(-1);
    if (newest === undefined) continue;
    if (!mayBeJpeg(newest)) throw failed('the camera sent what is no JPEG');
    onPicture(newest);
  }
}

async function readSingle(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of response) {
    if (!(bytes instanceof Uint8Array)) continue;
    length += bytes.length;
    if (length > frameLimits.jpegBytes) throw failed('the picture is too large');
    parts.push(bytes);
  }
  const jpeg = Buffer.concat(parts);
  if (!mayBeJpeg(jpeg)) throw failed('the camera sent what is no JPEG');
  return jpeg;
}

function failed(why: string): CameraWatchError {
  return new CameraWatchError('camera_input_failed', why);
}
