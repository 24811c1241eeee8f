import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Cameras } from './cameras.ts';
import { cameraById } from './camera-by-id.ts';
import { CameraWatchError } from '../errors.ts';
import { CameraBody, CameraChange, CameraId, CommandBody, CommandReply, NewCamera } from './camera-schema.ts';

const tags = ['cameras'];

/** `/v1/cameras`: list, read, add those on the network, the newest picture, commands. */
export function createCameraRoutes(cameras: Cameras): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/cameras',
      {
        config: { scope: 'cameras:read', narrowed: true },
        schema: {
          summary: 'List the cameras: how each is and what it shows',
          tags,
          response: { 200: Type.Object({ cameras: Type.Array(CameraBody) }) },
        },
      },
      async ({ reach }) => ({
        cameras: cameras.list().filter(({ id, site }) => reach.covers({ kind: 'camera', id, site })),
      }),
    );

    app.get(
      '/v1/cameras/:id',
      {
        config: { scope: 'cameras:read', resource: cameraById },
        schema: {
          summary: 'One camera; also one that was removed',
          tags,
          params: CameraId,
          response: { 200: CameraBody },
        },
      },
      async (request) => cameras.show(request.params.id),
    );

    app.post(
      '/v1/cameras',
      {
        config: { scope: 'cameras:manage', stepUp: true },
        schema: {
          summary: 'Add a camera on the network, from which pictures are fetched',
          tags,
          body: NewCamera,
          response: { 201: CameraBody },
        },
      },
      async (request, reply) => reply.code(201).send(await cameras.add(request.body, request.principal)),
    );

    app.patch(
      '/v1/cameras/:id',
      {
        config: { scope: 'cameras:manage', stepUp: true, resource: cameraById },
        schema: {
          summary: 'Change a camera on the network; what is left out stays',
          tags,
          params: CameraId,
          body: CameraChange,
          response: { 200: CameraBody },
        },
      },
      async (request) => {
        const { site } = request.body;
        // Into a site of others it would be out of sight of whoever moved it there.
        if (site !== undefined && !request.reach.includes(site.trim()))
          throw new CameraWatchError(
            'camera_site_refused',
            `Cannot move camera "${request.params.id}": must stay at a site where you may change cameras`,
          );
        return cameras.change(request.params.id, request.body, request.principal);
      },
    );

    app.delete(
      '/v1/cameras/:id',
      {
        config: { scope: 'cameras:manage', stepUp: true, resource: cameraById },
        schema: {
          summary: 'Remove a camera on the network; what was recorded stays as long as it would',
          tags,
          params: CameraId,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await cameras.remove(request.params.id, request.principal);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/v1/cameras/:id/picture',
      {
        config: { scope: 'cameras:read', resource: cameraById },
        schema: {
          summary: 'The newest picture, as the camera sent it',
          tags,
          params: CameraId,
          produces: ['image/jpeg'],
          response: {
            200: {
              description: 'A JPEG; `x-captured-ms` is when it was taken',
              content: { 'image/jpeg': { schema: Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' }) } },
            },
          },
        },
      },
      async (request, reply) => {
        const frame = cameras.picture(request.params.id);
        return reply
          .header('content-type', 'image/jpeg')
          .header('cache-control', 'no-store')
          .header('x-captured-ms', String(Math.round(frame.capturedMs)))
          .send(Buffer.from(frame.jpeg));
      },
    );

    app.post(
      '/v1/cameras/:id/commands',
      {
        config: { scope: 'devices:command', resource: cameraById },
        schema: {
          summary: 'Have a connected device light its torch, speak or sound its siren; waits for its receipt',
          tags,
          params: CameraId,
          body: CommandBody,
          response: { 200: CommandReply },
        },
      },
      async (request) => cameras.command(request.params.id, request.body, request.principal),
    );
  };
}
