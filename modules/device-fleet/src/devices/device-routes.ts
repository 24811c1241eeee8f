import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import {
  DeviceBody,
  DeviceChangeBody,
  DeviceId,
  EnrolmentBody,
  Invitation,
  Invited,
  MadeStream,
  NewStream,
} from './device-schema.ts';
import { DeviceFleetError } from '../errors.ts';
import type { Devices } from './devices.ts';

const Id = Type.Object({ id: DeviceId });
const deviceById = { kind: 'device', parameter: 'id' } as const;
const tags = ['devices'];

/** `/v1/devices` for people: give out codes, list, approve, change, revoke. */
export function createDeviceRoutes(devices: Devices): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.post(
      '/v1/devices/enrolments',
      {
        config: { scope: 'devices:manage' },
        schema: {
          summary: 'Make a code with which one device can enrol, within 15 minutes; it then waits to be approved',
          tags,
          body: Invitation,
          response: { 201: Invited },
        },
      },
      async (request, reply) => {
        const { id, code, expiresMs } = await devices.enrolments.invite({ ...request.body, by: request.principal });
        const link = `${request.client.linkOrigin}/field/#enrol=${code.reveal()}`;
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ id, code: code.reveal(), link, expires_ms: expiresMs });
      },
    );

    app.get(
      '/v1/devices/enrolments/:id',
      {
        config: { scope: 'devices:manage', background: true },
        schema: { summary: 'What became of a code', tags, params: Id, response: { 200: EnrolmentBody } },
      },
      async (request) => devices.enrolments.get(request.params.id),
    );

    app.delete(
      '/v1/devices/enrolments/:id',
      {
        config: { scope: 'devices:manage' },
        schema: { summary: 'Withdraw a code that nobody has used', tags, params: Id, response: { 204: Type.Null() } },
      },
      async (request, reply) => {
        await devices.enrolments.withdraw({ id: request.params.id, by: request.principal });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/devices/streams',
      {
        config: { scope: 'devices:manage', stepUp: true },
        schema: {
          summary: 'Make a stream key: a program that sends by WHIP is let in with it, as a camera',
          tags,
          body: NewStream,
          response: { 201: MadeStream },
        },
      },
      async (request, reply) => {
        const { device, key } = await devices.addStream({ ...request.body, by: request.principal });
        const url = `${request.client.linkOrigin}/v1/cameras/whip`;
        return reply.code(201).header('cache-control', 'no-store').send({ device, key: key.reveal(), url });
      },
    );

    app.get(
      '/v1/devices',
      {
        config: { scope: 'devices:read', narrowed: true },
        schema: {
          summary: 'List devices, revoked ones included',
          tags,
          response: { 200: Type.Object({ devices: Type.Array(DeviceBody) }) },
        },
      },
      async ({ reach }) => ({
        devices: devices.list().filter(({ id, site }) => reach.covers({ kind: 'device', id, site })),
      }),
    );

    app.get(
      '/v1/devices/:id',
      {
        config: { scope: 'devices:read', resource: deviceById },
        schema: { summary: 'One device', tags, params: Id, response: { 200: DeviceBody } },
      },
      async (request) => devices.get(request.params.id),
    );

    app.patch(
      '/v1/devices/:id',
      {
        config: { scope: 'devices:manage', stepUp: true, resource: deviceById },
        schema: {
          summary: 'Change what a device is called and where it stands',
          tags,
          params: Id,
          body: DeviceChangeBody,
          response: { 200: DeviceBody },
        },
      },
      async (request) => {
        const { site } = request.body;
        // Into a site of others it would be out of sight of whoever moved it there.
        if (site !== undefined && !request.reach.includes(site.trim()))
          throw new DeviceFleetError(
            'device_site_refused',
            `Cannot move device "${request.params.id}": must stay at a site where you may change devices`,
          );
        return devices.change({ ...request.body, id: request.params.id, by: request.principal });
      },
    );

    app.post(
      '/v1/devices/:id/approve',
      {
        config: { scope: 'devices:manage', stepUp: true, resource: deviceById },
        schema: {
          summary: 'Let a waiting device in; compare its fingerprint with what the device shows before',
          tags,
          params: Id,
          response: { 200: DeviceBody },
        },
      },
      async (request) => devices.approve({ id: request.params.id, by: request.principal }),
    );

    app.post(
      '/v1/devices/:id/revoke',
      {
        config: { scope: 'devices:manage', stepUp: true, resource: deviceById },
        schema: {
          summary: 'Refuse a waiting device, or shut out an approved one at once and for good',
          tags,
          params: Id,
          response: { 200: DeviceBody },
        },
      },
      async (request) => devices.revoke({ id: request.params.id, by: request.principal }),
    );
  };
}
