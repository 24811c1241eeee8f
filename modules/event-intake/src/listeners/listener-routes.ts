import { isIP } from 'node:net';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { EventIntakeError } from '../errors.ts';
import { zoneMinutesOf, zonePattern } from '../zone.ts';
import { defaultMessagesPerSecond, mostMessagesPerSecond, transports } from './listener-settings.ts';
import type { ListenerSettings } from './listener-settings.ts';
import type { ListenersMoment, SyslogListeners } from './listeners.ts';
import { refusalReasons } from './refusals.ts';

const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const maxPemLength = 100_000;

const One = Type.Object({
  port: Type.Optional(Type.Integer({ description: 'Left out: not listening' })),
  connections: Type.Integer(),
  accepted: Type.Integer({ description: 'Messages that are durable, since the server started, as the rest' }),
  dropped: Type.Integer({
    description: 'Messages that found no room or came too fast: UDP cannot make a sender wait',
  }),
  over_rate: Type.Integer({
    description: 'Messages of senders that sent faster than they may: taken, then made to wait; over UDP dropped',
  }),
  refused: Type.Integer({ description: 'Connections and datagrams of senders that may not send, or are too many' }),
});
const Status = Type.Object({
  host: Type.String(),
  allowed_networks: Type.Array(Type.String()),
  zone: Type.String(),
  client_certificates: Type.Boolean({ description: 'Whether senders over TLS must show a certificate' }),
  client_ca_pem: Type.Optional(Type.String({ description: 'As given; sent back with a change it stays' })),
  messages_per_second: Type.Integer({ description: 'What one sender may send, on average over ten seconds' }),
  tcp: One,
  tls: One,
  udp: One,
  refused_by: Type.Object(Object.fromEntries(refusalReasons.map((reason) => [reason, Type.Integer()])), {
    description: 'Connections and datagrams that were not let in, by reason, over all listeners',
  }),
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
    client_ca_pem: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: maxPemLength,
        description: 'Senders over TLS must show a certificate of one of these authorities; its name is the source',
      }),
    ),
    messages_per_second: Type.Optional(
      Type.Integer({ minimum: 1, maximum: mostMessagesPerSecond, default: defaultMessagesPerSecond }),
    ),
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
    messagesPerSecond: body.messages_per_second ?? defaultMessagesPerSecond,
  };
}

function describe({ settings, status, refusedBy, problem }: ListenersMoment): Static<typeof Status> {
  const [tcp, tls, udp] = transports.map((transport) => {
    const { port, connections, accepted, dropped, overRate, refused } = status[transport];
    return { ...(port !== undefined && { port }), connections, accepted, dropped, over_rate: overRate, refused };
  });
  if (tcp === undefined || tls === undefined || udp === undefined) throw new TypeError('a transport has no state');
  const { host, allowedNetworks, zoneMinutes, clientCaPem, messagesPerSecond } = settings;
  const minutes = Math.abs(zoneMinutes);
  const digits = (value: number): string => String(value).padStart(2, '0');
  return {
    host,
    allowed_networks: [...allowedNetworks],
    zone: `${zoneMinutes < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`,
    client_certificates: clientCaPem !== undefined,
    ...(clientCaPem !== undefined && { client_ca_pem: clientCaPem }),
    messages_per_second: messagesPerSecond,
    tcp,
    tls,
    udp,
    refused_by: { ...refusedBy },
    ...(problem !== undefined && { problem }),
  };
}
