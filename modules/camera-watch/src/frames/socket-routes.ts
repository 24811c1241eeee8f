import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { CameraWatchError } from '../errors.ts';
import { maxMessageBytes } from './frame.ts';
import type { Senders } from './senders.ts';
import type { Viewers } from './viewers.ts';

const sendDescription =
  'Subprotocol `sallyport-camera.1`; from a page with the token as `bearer.TOKEN` beside it. See docs/api-cameras.md.';
const liveDescription = 'Opened by a page with its session. See docs/api-cameras.md.';

const notReached = async (): Promise<null> => null;

/** The two WebSockets of the cameras: in from devices, out to whoever watches. */
export function createSocketRoutes(parts: {
  readonly senders: Senders;
  readonly viewers: Viewers;
  /** Where a camera stands now. */
  readonly siteOf: (cameraId: string) => string | undefined;
}): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/cameras/send',
      {
        config: {
          scope: 'cameras:send',
          background: true,
          socket: {
            maxMessageBytes,
            rate: { messagesPerSecond: 100, bytesPerSecond: 8 * 1024 * 1024 },
            open: (socket, request) => parts.senders.open(sendingCamera(request), socket),
          },
        },
        schema: {
          summary: 'WebSocket: a device sends pictures and sound, and takes commands',
          description: sendDescription,
          tags: ['cameras'],
          response: { 101: Type.Null({ description: 'The WebSocket is open' }) },
        },
      },
      notReached,
    );
    app.get(
      '/v1/cameras/live',
      {
        config: {
          scope: 'cameras:read',
          narrowed: true,
          background: true,
          socket: {
            maxMessageBytes: 16_384,
            rate: { messagesPerSecond: 2000, bytesPerSecond: 256 * 1024 },
            open(socket, { reach }) {
              return parts.viewers.open(socket, (id) => reach.covers({ kind: 'camera', id, site: parts.siteOf(id) }));
            },
          },
        },
        schema: {
          summary: 'WebSocket: the newest pictures of the cameras one watches, and what is seen in them',
          description: liveDescription,
          tags: ['cameras'],
          querystring: Type.Object({
            stream: Type.Optional(
              Type.String({
                pattern: '^[A-Za-z0-9_-]{22,64}$',
                description: 'A name nobody can guess, to prove it by: see POST /v1/session/streams',
              }),
            ),
          }),
          response: { 101: Type.Null({ description: 'The WebSocket is open' }) },
        },
      },
      notReached,
    );
  };
}

/** A device is the camera of the same id, and no other. Throws `camera_unknown` for everybody else. */
export function sendingCamera({ principal }: { readonly principal: Principal }): string {
  if (principal.kind === 'device') return principal.id;
  throw new CameraWatchError('camera_unknown', `Cannot take pictures from a ${principal.kind}: must be a device`);
}
