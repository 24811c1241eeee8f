import { isIP } from 'node:net';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { EventIntakeError } from '../errors.ts';
import { zoneMinutesOf, zonePattern } from '../zone.ts';
import { transports } from './listener-settings.ts';
import type { ListenerSettings } from './listener-settings.ts';
import type { ListenersMoment, SyslogListeners } from './listeners.ts';

const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const maxPemLength = 100_000;

const One = Type.Object({
  port: Type.Optional(Type.Integer({ description: 'Left out: not listening' })),
  connections: Type.Integer(),
  accepted: Type.Integer({ description: 'Messages that are durable, since the server started, as the rest' }),
  dropped: Type.Integer({ description: 'Messages that found no room: UDP cannot make a sender wait' }),
  refused: Type.Integer({ description: 'Connections and datagrams of senders that may not send, or are too many' }),
});
const Status = Type.Object({
  host: Type.String(),
  allowed_networks: Type.Array(Type.String()),
  zone: Type.String(),
  client_certificates: Type.Boolean({ description: 'Whether senders over TLS must show a certificate' }),
  tcp: One,
  tls: One,
  udp: One,
  problem: Type.Optional(Type.String()),
});
const Change = Type.Object(
  {
    host: Type.Optional(Type.String({ maxLength: 100, default: '0.0.0.0' })),
    tcp_port: Type.Optional(Port),
    tls_port: Type.Optional(Port),
    udp_port: Type.Optional(Port),
    allowed_networks: Type.Array(Type.String({ maxLength: 60 }), { maxItems: 100 }),
    zone: Type.Optional(
      Type.String({ pattern: zonePattern, description: 'Of times that name none; UTC when left out' }),
    ),
    client_ca_pem: Type.Optional(Type.String({ minLength: 1, maxLength: maxPemLength })),
  },
  { additionalProperties: false },
);

/** `/v1/settings/listeners`: syslog over TCP, TLS and UDP. What is left out is off. */
export function createListenerRoutes(listeners: SyslogListeners): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/settings/listeners',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'Syslog listeners: state and counts', tags: ['settings'], response: { 200: Status } },
      },
      async () => describe(listeners.moment()),
    );
    app.put(
      '/v1/settings/listeners',
      {
        config: { scope: 'settings:manage', stepUp: true, bodyLimitBytes: 2 * maxPemLength },
        schema: {
          summary: 'Open, change or close the syslog listeners; what fails leaves them as they were',
          tags: ['settings'],
          body: Change,
          response: { 200: Status },
        },
      },
      async (request) => describe(await listeners.change(settingsIn(request.body), request.principal)),
    );
  };
}

function settingsIn(body: Static<typeof Change>): ListenerSettings {
  const { host = '0.0.0.0', tcp_port: tcp, tls_port: tls, udp_port: udp } = body;
  if (isIP(host) === 0) {
    throw new EventIntakeError(
      'listener_settings_invalid',
      `Cannot listen on ${JSON.stringify(host)}: must be an IP address`,
    );
  }
  return {
    host,
    ports: { ...(tcp && { tcp }), ...(tls && { tls }), ...(udp && { udp }) },
    allowedNetworks: body.allowed_networks,
    zoneMinutes: zoneMinutesOf(body.zone) ?? 0,
    clientCaPem: body.client_ca_pem,
  };
}

function describe({ settings, status, problem }: ListenersMoment): Static<typeof Status> {
  const [tcp, tls, udp] = transports.map((transport) => {
    const { port, connections, accepted, dropped, refused } = status[transport];
    return { ...(port !== undefined && { port }), connections, accepted, dropped, refused };
  });
  if (tcp === undefined || tls === undefined || udp === undefined) throw new TypeError('a transport has no state');
  const { host, allowedNetworks, zoneMinutes, clientCaPem } = settings;
  const minutes = Math.abs(zoneMinutes);
  const digits = (value: number): string => String(value).padStart(2, '0');
  return {
    host,
    allowed_networks: [...allowedNetworks],
    zone: `${zoneMinutes < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`,
    client_certificates: clientCaPem !== undefined,
    tcp,
    tls,
    udp,
    ...(problem !== undefined && { problem }),
  };
}
