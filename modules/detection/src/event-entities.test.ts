import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@sallyport/contracts';
import fc from 'fast-check';
import { entitiesOf } from './event-entities.ts';

test('of each entity the first field with a value is taken', () => {
  const event = {
    device: { hostname: '', name: 'web-1' },
    user: { name: 'alice' },
    src_endpoint: { ip: '192.0.2.7' },
    actor: { process: { name: 'sshd' } },
  };
  assert.deepEqual(entitiesOf(event), {
    host: 'web-1',
    user: 'alice',
    entities: { source: '192.0.2.7', process: 'sshd' },
  });
  assert.deepEqual(entitiesOf({}), {});
});

test('a sign-in is about the name that was given, not about who asked', () => {
  const event = { class_uid: 3002, actor: { user: { name: 'unauthenticated' } }, user: { name: 'ben' } };
  assert.equal(entitiesOf(event).user, 'ben');
  assert.equal(entitiesOf({ ...event, class_uid: 3001 }).user, 'unauthenticated');
  assert.equal(entitiesOf({ ...event, user: {} }).user, 'unauthenticated');
});

test('a call in a cloud is of the role or identity that acted, its account and region', () => {
  const uid = 'arn:aws:sts::123:assumed-role/admin/session-1';
  const event = {
    actor: {
      user: { name: 'admin', uid, account: { uid: '123' } },
      session: { issuer: 'arn:aws:iam::123:role/admin' },
    },
    cloud: { region: 'eu-central-1', account: { uid: '456' } },
  };
  assert.deepEqual(entitiesOf(event), {
    user: 'admin',
    entities: { identity: 'arn:aws:iam::123:role/admin', account: '123', region: 'eu-central-1' },
  });
});

test('anything in the place of a field is passed over', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (device, actor) => {
      const read: JsonValue = JSON.parse(JSON.stringify({ device, actor, cloud: device }));
      assert.ok(typeof read === 'object' && read !== null && !('length' in read));
      for (const value of Object.values(entitiesOf(read))) assert.ok(value !== undefined);
    }),
  );
});
