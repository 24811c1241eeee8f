import type { Request } from '../../api/call.ts';
import type { Listeners } from './source-queries.ts';

export const transports = ['tls', 'tcp', 'udp'] as const;
export type Transport = (typeof transports)[number];

/** Over 1023, which take no right of their own; 6514 is the one of syslog over TLS (RFC 5425). */
export const defaultPorts: Readonly<Record<Transport, number>> = { tcp: 5514, tls: 6514, udp: 5514 };
/** Private networks and this machine: nobody from the internet. */
export const defaultNetworks: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'];

export const transportWords: Readonly<Record<Transport, string>> = {
  tcp: 'syslog over TCP',
  tls: 'syslog over TLS',
  udp: 'syslog over UDP',
};

export function parseNetworks(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== '');
}

/** The settings with one transport on this port, or closed, and everything else as it is. */
export function listenerChange(
  now: Listeners,
  transport: Transport,
  wanted: { readonly port: number | undefined; readonly networks: readonly string[] },
): Request<'PUT /v1/settings/listeners'>['body'] {
  const ports = { tcp: now.tcp.port, tls: now.tls.port, udp: now.udp.port, [transport]: wanted.port };
  return {
    host: now.host,
    ...(ports.tcp === undefined ? {} : { tcp_port: ports.tcp }),
    ...(ports.tls === undefined ? {} : { tls_port: ports.tls }),
    ...(ports.udp === undefined ? {} : { udp_port: ports.udp }),
    allowed_networks: wanted.networks,
    zone: now.zone,
    messages_per_second: now.messages_per_second,
    ...(now.client_ca_pem === undefined ? {} : { client_ca_pem: now.client_ca_pem }),
  };
}
