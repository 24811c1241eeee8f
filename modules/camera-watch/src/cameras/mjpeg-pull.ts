import type { IncomingMessage } from 'node:http';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import { nodeHttp } from '@sallyport/platform/node-http';
import { CameraWatchError } from '../errors.ts';
import { mayBeJpeg, frameLimits } from '../frames/frame.ts';
import { boundaryOf } from '../frames/multipart-reader.ts';
import { pacedParts } from '../frames/paced-bytes.ts';
import { credentialsIn, parseCameraAddress } from './camera-address.ts';
import { createCameraAuthentication, credentialsRefused } from './camera-authentication.ts';
import type { ConnectCamera } from './camera-connection.ts';
import type { Pull } from './pull.ts';

const singleEveryMs = 500;

/**
 * Pictures by HTTP: an endless multipart of JPEGs, or one JPEG a request, asked for twice a second. Credentials from the
 * address, by Digest or Basic as the camera asks; redirects are not followed, so that a camera cannot send us elsewhere.
 */
export function createMjpegPull(needs: {
  readonly allowLoopback: boolean;
  readonly connect: ConnectCamera;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}): Pull {
  return async ({ url: secret, fingerprint, memory, signal, onPicture }) => {
    const { url } = parseCameraAddress(secret.reveal(), needs);
    const target = { url, fingerprint, signal };
    const credentials = credentialsIn(url);
    const authentication = createCameraAuthentication({ credentials, random: needs.random, memory });
    for (;;) {
      const response = await getAuthenticated(target, authentication);
      try {
        const contentType = response.headers['content-type'] ?? '';
        const boundary = boundaryOf(contentType);
        if (boundary !== undefined) {
          await readRow(pacedParts(response, boundary, { ...needs, signal }), onPicture);
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

  async function getAuthenticated(
    target: Target,
    authentication: ReturnType<typeof createCameraAuthentication>,
  ): Promise<IncomingMessage> {
    const uri = `${target.url.pathname}${target.url.search}`;
    for (;;) {
      const response = await get(target, { uri, authorization: authentication.authorization({ method: 'GET', uri }) });
      if (response.statusCode === 200) {
        authentication.accepted();
        return response;
      }
      response.destroy();
      const status = response.statusCode ?? 0;
      if (status === 401) {
        const refusal = authentication.refused(response.headersDistinct['www-authenticate'] ?? []);
        if (refusal !== undefined) throw refusal;
        continue;
      }
      if (status === 403) throw credentialsRefused();
      if (status >= 300 && status < 400)
        throw new CameraWatchError(
          'camera_redirects',
          'the camera sends us to another address; add it under that one, if it is yours',
        );
      throw failed(`the camera answered ${status}`);
    }
  }

  /** One connection a request, to the address that was checked; TLS is already spoken on it. */
  async function get(
    target: Target,
    { uri, authorization }: { readonly uri: string; readonly authorization: string | undefined },
  ): Promise<IncomingMessage> {
    const socket = await needs.connect(target);
    const sent = nodeHttp.request({
      createConnection: () => socket,
      signal: target.signal,
      path: uri,
      maxHeaderSize: 16_384,
      headers: {
        host: target.url.host,
        accept: 'multipart/x-mixed-replace, image/jpeg',
        'user-agent': 'Sallyport',
        connection: 'close',
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve);
      sent.on('error', (error) => reject(failed(`the camera is not reached: ${codeOf(error) ?? 'failed'}`)));
    });
    sent.end();
    try {
      const response = await answered;
      // Its errors are those of whoever reads it.
      response.on('error', () => undefined);
      return response;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

type Target = Parameters<ConnectCamera>[0];

async function readRow(
  row: AsyncIterable<readonly Uint8Array[]>,
  onPicture: (jpeg: Uint8Array) => void,
): Promise<void> {
  for await (const parts of row) {
    const newest = parts.at(-1);
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
