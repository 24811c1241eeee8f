import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { SensorBody } from './sensor-schema.ts';
import type { Sensors } from './sensors.ts';

const idPattern = '^[0-9a-f]{16}$';
const Id = Type.Object({ id: Type.String({ pattern: idPattern }) });

/** `/v1/sensors`: list, read, accept a key, retire. */
export function createSensorRoutes(sensors: Sensors): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/sensors',
      {
        config: { scope: 'sensors:read' },
        schema: {
          summary: 'List the sensors on hosts: how each is, what it cannot see',
          tags: ['sensors'],
          querystring: Type.Object(
            {
              after: Type.Optional(Type.String({ pattern: idPattern, description: '`next` of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ sensors: Type.Array(SensorBody), next: Type.Optional(Type.String()) }) },
        },
      },
      async (request) => {
        const { after, limit = 100 } = request.query;
        const found = [...sensors.list({ limit, after })];
        const last = found.length === limit ? found.at(-1) : undefined;
        return { sensors: found, ...(last === undefined ? {} : { next: last.id }) };
      },
    );

    app.get(
      '/v1/sensors/:id',
      {
        config: { scope: 'sensors:read' },
        schema: { summary: 'One sensor', tags: ['sensors'], params: Id, response: { 200: SensorBody } },
      },
      async (request) => sensors.get(request.params.id),
    );

    app.post(
      '/v1/sensors/:id/key',
      {
        config: { scope: 'sensors:write', stepUp: true },
        schema: {
          summary:
            'Believe another key that signs in the name of this sensor, as after its host was set up anew, or the one in force as the host’s own',
          tags: ['sensors'],
          params: Id,
          body: Type.Object(
            {
              key_id: Type.String({
                pattern: idPattern,
                description: '`shown_key_id` or `signing_key_id` of the sensor',
              }),
            },
            { additionalProperties: false },
          ),
          response: { 200: SensorBody },
        },
      },
      async (request) =>
        sensors.acceptKey({ id: request.params.id, keyId: request.body.key_id, actor: request.principal }),
    );

    app.delete(
      '/v1/sensors/:id',
      {
        config: { scope: 'sensors:write' },
        schema: {
          summary: 'Retire a sensor: it is watched no longer; one that goes on sending is a new one',
          tags: ['sensors'],
          params: Id,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await sensors.retire({ id: request.params.id, actor: request.principal });
        return reply.code(204).send(null);
      },
    );
  };
}
