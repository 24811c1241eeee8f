import { Readable } from 'node:stream';
import type { Clock } from '@sallyport/platform/clock';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { CameraWatchError } from '../errors.ts';
import type { CameraDevices } from '../needs.ts';
import { frameLimits, mayBeJpeg } from './frame.ts';
import type { FrameGate } from './frame-gate.ts';
import { boundaryOf } from './multipart-reader.ts';
import { pacedParts } from './paced-bytes.ts';
import { sendingCamera } from './socket-routes.ts';

/** `POST /v1/cameras/frames`: for devices that speak no WebSocket, such as an ESP32; one picture, or an endless row of them. */
export function createPushRoutes(needs: {
  readonly gate: FrameGate;
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pushes: Pushes;
  readonly devices: Pick<CameraDevices, 'find'>;
}): RoutePlugin {
  const { gate, clock, pushes, devices } = needs;
  const take = (cameraId: string, jpeg: Uint8Array): void => {
    // It may have been revoked since its request began.
    if (devices.find(cameraId)?.state !== 'approved') throw sendsNoMore();
    if (!mayBeJpeg(jpeg))
      throw new CameraWatchError('frame_invalid', 'Cannot take the frame: must be a JPEG of at most 1 MiB');
    const nowMs = clock.nowMs();
    gate.offer({ cameraId, jpeg, capturedMs: nowMs, receivedMs: nowMs, isCaptureUnknown: true });
  };

  return async (fastify) => {
    const app = typedApp(fastify);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(/^(?:image\/jpeg|multipart\/x-mixed-replace)(?:;|$)/i, (_request, payload, done) =>
      done(null, payload),
    );
    app.post(
      '/v1/cameras/frames',
      {
        // A row of pictures ends when whoever sends it does; what is held of it is bounded as it is read.
        config: {
          scope: 'cameras:send',
          background: true,
          bodyLimitBytes: frameLimits.jpegBytes,
          endlessBody: 'multipart/x-mixed-replace',
        },
        schema: {
          summary: 'A device sends one picture (image/jpeg) or an endless row (multipart/x-mixed-replace)',
          tags: ['cameras'],
          consumes: ['image/jpeg', 'multipart/x-mixed-replace'],
          response: { 200: Type.Object({ frames: Type.Integer() }) },
        },
      },
      async (request, reply) => {
        const cameraId = sendingCamera(request);
        const body: unknown = request.body;
        const contentType = request.headers['content-type'] ?? '';
        const boundary = boundaryOf(contentType);
        if (!(body instanceof Readable) || (boundary === undefined && !/^image/i.test(contentType)))
          throw new CameraWatchError('message_invalid', 'Cannot read the pictures: their type must name a boundary');
        // What else comes on a connection that was given up is not read.
        reply.header('connection', 'close');
        if (boundary !== undefined) return { frames: await readRow(body, boundary, cameraId) };
        take(cameraId, await readSingle(body));
        return { frames: 1 };
      },
    );
  };

  async function readRow(body: Readable, boundary: string, cameraId: string): Promise<number> {
    const over = new AbortController();
    const leave = pushes.begin(cameraId, () => {
      over.abort();
      body.destroy(sendsNoMore());
    });
    let frames = 0;
    try {
      for await (const parts of pacedParts(body, boundary, { ...needs, signal: over.signal })) {
        frames += parts.length;
        const newest = parts.at(-1);
        if (newest !== undefined) take(cameraId, newest);
      }
    } finally {
      leave();
    }
    return frames;
  }
}

/** The limit of the route bounds it. */
async function readSingle(body: Readable): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of body) if (bytes instanceof Uint8Array) parts.push(bytes);
  return Buffer.concat(parts);
}

function sendsNoMore(): CameraWatchError {
  return new CameraWatchError('sender_replaced', 'Cannot go on: the device may not, or sends from elsewhere');
}

/** Endless requests under way, one a device: the newest counts. */
export type Pushes = {
  /** `cut` ends the request; returns what is to be called when it has ended by itself. */
  begin(cameraId: string, cut: () => void): () => void;
  isOpen(cameraId: string): boolean;
  cut(cameraId: string): void;
  close(): void;
};

export function createPushes(): Pushes {
  const open = new Map<string, { readonly cut: () => void }>();
  return {
    begin(cameraId, cut) {
      open.get(cameraId)?.cut();
      const entry = { cut };
      open.set(cameraId, entry);
      return () => {
        if (open.get(cameraId) === entry) open.delete(cameraId);
      };
    },
    isOpen: (cameraId) => open.has(cameraId),
    cut: (cameraId) => open.get(cameraId)?.cut(),
    close() {
      for (const { cut } of open.values()) cut();
    },
  };
}
