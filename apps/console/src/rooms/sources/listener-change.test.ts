import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerChange, parseNetworks } from './listener-change.ts';
import type { Listeners } from './source-queries.ts';

const counts = { connections: 0, accepted: 0, dropped: 0, over_rate: 0, refused: 0 };
const now: Listeners = {
  host: '0.0.0.0',
  allowed_networks: ['10.0.0.0/8'],
  zone: '+05:30',
  client_certificates: true,
  client_ca_pem: 'PEM',
  messages_per_second: 700,
  tcp: counts,
  tls: { ...counts, port: 6514 },
  udp: { ...counts, port: 5514 },
  refused_by: { network: 0, connections: 0, handshake: 0, certificate: 0, rate: 0, room: 0 },
};

test('Opening one listener leaves the others, their certificates, zone and limit as they are', () => {
  assert.deepEqual(listenerChange(now, 'tcp', { port: 5514, networks: ['10.0.0.0/8', '192.0.2.7'] }), {
    host: '0.0.0.0',
    tcp_port: 5514,
    tls_port: 6514,
    udp_port: 5514,
    allowed_networks: ['10.0.0.0/8', '192.0.2.7'],
    zone: '+05:30',
    messages_per_second: 700,
    client_ca_pem: 'PEM',
  });
});

test('Closing one takes away its port and nothing else', () => {
  const change = listenerChange(now, 'tls', { port: undefined, networks: now.allowed_networks });
  assert.ok(!('tls_port' in change));
  assert.equal(change.udp_port, 5514);
});

test('Networks are told apart however they are typed', () => {
  assert.deepEqual(parseNetworks(' 10.0.0.0/8,192.0.2.1;\n fd00::/8 '), ['10.0.0.0/8', '192.0.2.1', 'fd00::/8']);
  assert.deepEqual(parseNetworks(' , '), []);
});
