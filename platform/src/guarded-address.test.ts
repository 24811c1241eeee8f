import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { guardedLookup, kindOfHost } from './guarded-address.ts';

test('hosts are told apart in every spelling of their address', () => {
  const kinds = {
    'this-machine': [
      '127.0.0.1',
      '127.9.9.9',
      '[::1]',
      '::ffff:127.0.0.1',
      '[::ffff:7f00:1]',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      'LOCALHOST.',
      'x.localhost',
    ],
    nowhere: [
      '0.0.0.0',
      '169.254.169.254',
      '[::ffff:169.254.169.254]',
      '::ffff:a9fe:a9fe',
      '::a9fe:a9fe',
      '64:ff9b::a9fe:a9fe',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      'fe80::1',
      'fe80::1%eth0',
      'ff02::1',
      'fd00:ec2::254',
      'Metadata.google.internal.',
      'metadata',
      '2002:7f00:1::',
      '[2002:a9fe:a9fe::1]',
      '2001:0:4136:e378:8000:63bf:3fff:fdd2',
      '64:ff9b:1::a9fe:a9fe',
      '::ffff:0:169.254.169.254',
    ],
    elsewhere: ['10.0.0.7', '192.0.2.1', '2001:db8::1', 'fd12::7', 'witness.example', 'mylocalhost', '::ffff:10.0.0.1'],
  } as const;
  for (const kind of ['this-machine', 'nowhere', 'elsewhere'] as const)
    for (const host of kinds[kind]) assert.equal(kindOfHost(host), kind, host);
});

test('any text is a host of some kind', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.domain()), (host) => {
      assert.ok(['this-machine', 'nowhere', 'elsewhere'].includes(kindOfHost(host)));
    }),
  );
});

test('a name is judged by the addresses it leads to when it is asked', async () => {
  const look = (refuse: (address: string) => void): Promise<unknown> =>
    new Promise((resolve) =>
      guardedLookup(refuse)('localhost', { all: true }, (error, found) => resolve(error ?? found)),
    );
  const asked: string[] = [];
  assert.ok(Array.isArray(await look((address) => void asked.push(address))));
  assert.ok(asked.length > 0 && asked.every((address) => kindOfHost(address) === 'this-machine'));
  const refusal = new Error('not there');
  const refused = await look(() => {
    throw refusal;
  });
  assert.equal(refused, refusal);
});
