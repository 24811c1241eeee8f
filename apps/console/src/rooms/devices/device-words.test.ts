import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutWords, leadsNowhereElse, sorted, timeLeft, whereWords } from './device-words.ts';
import type { Device } from './devices-query.ts';

const device: Device = {
  id: '0011223344556677',
  name: 'Gate',
  place: '',
  site: '',
  kind: 'phone',
  state: 'waiting',
  fingerprint: '00000 11111 22222 33333 44444 55555',
  enrolment_id: '8899aabbccddeeff',
  enrolled_ms: 1,
  last_seen_ms: 1,
  about: {},
};

test('time left is minutes and seconds, and never negative', () => {
  assert.deepEqual([900_000, 899_001, 5000, 1, 0, -1].map(timeLeft), [
    '15:00',
    '15:00',
    '0:05',
    '0:01',
    '0:00',
    '0:00',
  ]);
});

test('what nobody said leaves no comma', () => {
  assert.equal(whereWords(device), '');
  assert.equal(whereWords({ place: 'Fence', site: 'Mill' }), 'Fence, Mill');
  assert.equal(aboutWords({ about: { platform: 'Android' } }), 'Android');
});

test('a link to this machine alone is known as one', () => {
  for (const link of ['http://localhost:8443/', 'http://127.0.0.1/', 'http://[::1]:1/', 'https://LOCALHOST/'])
    assert.equal(leadsNowhereElse(link), true, link);
  for (const link of ['https://mill.example/', 'https://localhost.example/', 'https://10.0.0.7/'])
    assert.equal(leadsNowhereElse(link), false, link);
});

test('what waits for somebody stands on top, the newest first', () => {
  const of = (id: string, changed: Partial<Device>): Device => ({ ...device, id, ...changed });
  const all = sorted([
    of('a', { enrolled_ms: 1 }),
    of('b', { enrolled_ms: 2 }),
    of('c', { state: 'approved', name: 'Yard' }),
    of('d', { state: 'approved', name: 'Barn' }),
    of('e', { state: 'revoked', revoked_ms: 1 }),
    of('f', { state: 'revoked', revoked_ms: 2 }),
  ]);
  const ids = (devices: readonly Device[]): string => devices.map(({ id }) => id).join('');
  assert.deepEqual([ids(all.waiting), ids(all.approved), ids(all.revoked)], ['ba', 'dc', 'fe']);
});
