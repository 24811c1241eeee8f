import { BlockList, isIP } from 'node:net';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { EventIntakeError } from '../errors.ts';

export const transports = ['tcp', 'tls', 'udp'] as const;
export type Transport = (typeof transports)[number];

/** Where senders of syslog are listened to. A transport without a port is off. */
export type ListenerSettings = {
  readonly host: string;
  readonly ports: Readonly<Partial<Record<Transport, number>>>;
  /** Whoever is in none of these is not listened to: addresses or networks, as 10.0.0.0/8. */
  readonly allowedNetworks: readonly string[];
  /** Minutes east of UTC of times that name no zone. */
  readonly zoneMinutes: number;
  /** PEM of the authorities that issued the certificates senders must show over TLS; anybody allowed may send when undefined. */
  readonly clientCaPem: string | undefined;
  /** What one sender may send, on average over ten seconds. */
  readonly messagesPerSecond: number;
};

export const defaultMessagesPerSecond = 5000;
export const mostMessagesPerSecond = 1_000_000;

export const listenersOff: ListenerSettings = {
  host: '0.0.0.0',
  ports: {},
  allowedNetworks: [],
  zoneMinutes: 0,
  clientCaPem: undefined,
  messagesPerSecond: defaultMessagesPerSecond,
};

/** Whether an address may send. Throws `listener_settings_invalid`. */
export function allowedBy(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix, ...rest] = network.split('/');
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : Number(prefix);
    if (version === 0 || rest.length > 0 || prefix === '' || !Number.isInteger(length) || length < 0 || length > bits) {
      throw new EventIntakeError(
        'listener_settings_invalid',
        `Cannot allow ${JSON.stringify(network)}: must be an address or a network, as 10.0.0.0/8`,
      );
    }
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/** An address as people write it: IPv4 that came in over IPv6 is IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

export function toDocument(settings: ListenerSettings): string {
  return JSON.stringify(settings);
}

/** What `toDocument` wrote; off when it is nothing that can be read. */
export function fromDocument(text: string): ListenerSettings {
  const value = parseJson(text);
  if (!isJsonObject(value)) return listenersOff;
  const { host, ports, allowedNetworks, zoneMinutes, clientCaPem, messagesPerSecond } = value;
  return {
    host: typeof host === 'string' ? host : listenersOff.host,
    ports: portsIn(ports),
    allowedNetworks: Array.isArray(allowedNetworks) ? allowedNetworks.filter((item) => typeof item === 'string') : [],
    zoneMinutes: typeof zoneMinutes === 'number' ? zoneMinutes : 0,
    clientCaPem: typeof clientCaPem === 'string' ? clientCaPem : undefined,
    messagesPerSecond: typeof messagesPerSecond === 'number' ? messagesPerSecond : defaultMessagesPerSecond,
  };
}

function portsIn(value: JsonValue | undefined): ListenerSettings['ports'] {
  const ports: JsonObject = isJsonObject(value) ? value : {};
  return Object.fromEntries(
    transports.flatMap((transport) => {
      const port = ports[transport];
      return typeof port === 'number' ? [[transport, port]] : [];
    }),
  );
}
