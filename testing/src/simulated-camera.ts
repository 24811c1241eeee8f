// Cameras without a lens, for tests: an ESP32 that is fetched from and one that pushes, and the pictures they show.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createBasicGate, createDigestGate, type DigestOptions } from './digest-gate.ts';
import type { TestCertificate } from './test-authority.ts';

/** JPEGs of a moving test picture, made by ffmpeg. */
export function testPictures(count: number): readonly Uint8Array[] {
  const film = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=5', '-frames:v', String(count)];
  const made = spawnSync('ffmpeg', ['-loglevel', 'error', ...film, '-c:v', 'mjpeg', '-f', 'mjpeg', 'pipe:1'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  if (made.status !== 0) throw new Error(`Cannot make pictures: ${made.error?.message ?? made.stderr.toString()}`);
  const starts: number[] = [];
  const marker = Buffer.from([0xff, 0xd8, 0xff]);
  for (let at = made.stdout.indexOf(marker); at >= 0; at = made.stdout.indexOf(marker, at + 3)) starts.push(at);
  return starts.map((start, index) => made.stdout.subarray(start, starts[index + 1]));
}

/** One part of `multipart/x-mixed-replace`, as the ESP32 camera web server of its vendor writes it. */
function part(jpeg: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`\r\n--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`),
    jpeg,
  ]);
}

const boundary = '123456789000000000000987654321';
const contentType = `multipart/x-mixed-replace;boundary=${boundary}`;

export type MjpegCamera = {
  readonly url: string;
  /** To whoever watches now. */
  show(jpeg: Uint8Array): void;
  /** Bytes as they are, for cameras that are none. */
  showRaw(bytes: Uint8Array): void;
  readonly requests: () => number;
  watchers(): number;
  /** Hangs up on everybody. */
  drop(): void;
  close(): Promise<void>;
};

/** `GET /stream`, endless; with credentials, 401 to whoever does not bring them by Basic or, with `digest`, by that. */
export async function startMjpegCamera(
  options: {
    readonly credentials?: string;
    readonly digest?: Omit<DigestOptions, 'credentials'>;
    /** Speaks HTTPS with that certificate. */
    readonly tls?: TestCertificate;
  } = {},
): Promise<MjpegCamera> {
  const open = new Set<ServerResponse>();
  let asked = 0;
  const { credentials, digest, tls } = options;
  const gate =
    credentials === undefined
      ? undefined
      : digest === undefined
        ? createBasicGate(credentials)
        : createDigestGate({ ...digest, credentials });
  const attend: RequestListener = (incoming, response) => {
    asked += 1;
    const { method = '', url = '', headers } = incoming;
    const challenge = gate?.challenge({ method, uri: url, authorization: headers.authorization });
    if (challenge !== undefined) {
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    response.writeHead(200, { 'content-type': contentType });
    response.flushHeaders();
    open.add(response);
    response.on('close', () => open.delete(response));
  };
  const server = tls === undefined ? createServer(attend) : createTlsServer(tls, attend);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const showRaw = (bytes: Uint8Array): void => {
    for (const response of open) response.write(bytes);
  };
  return {
    url: `http${tls === undefined ? '' : 's'}://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}/stream`,
    // The boundary after it shows that it is whole.
    show: (jpeg) => showRaw(part(jpeg)),
    showRaw,
    requests: () => asked,
    watchers: () => open.size,
    drop: () => server.closeAllConnections(),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export type MjpegPush = {
  send(jpeg: Uint8Array): void;
  sendRaw(bytes: Uint8Array): void;
  /** The status it was answered with, or 0 when the connection was cut. */
  readonly answered: Promise<number>;
  end(): void;
};

/** An ESP32 that pushes with the token of its session. */
export function startMjpegPush(target: {
  readonly origin: string;
  readonly token: string;
  readonly headers?: Readonly<Record<string, string>>;
}): MjpegPush {
  const sent = request(`${target.origin}/v1/cameras/frames`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${target.token}`, 'content-type': contentType, ...target.headers },
  });
  const answered = new Promise<number>((resolve) => {
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', () => resolve(0));
    sent.on('close', () => resolve(0));
  });
  sent.flushHeaders();
  return {
    send: (jpeg) => void sent.write(part(jpeg)),
    sendRaw: (bytes) => void sent.write(bytes),
    answered,
    end: () => sent.end(`\r\n--${boundary}--\r\n`),
  };
}
