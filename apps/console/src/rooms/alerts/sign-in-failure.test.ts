import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signInFailure } from './sign-in-failure.ts';

const event = {
  class_uid: 3002,
  status_id: 2,
  status_detail: 'password_wrong',
  metadata: { log_name: 'audit' },
  user: { name: 'ben' },
  src_endpoint: { ip: '192.0.2.7' },
};

test('a failed sign-in says whose name was tried, why it failed, and from where', () => {
  assert.deepEqual(signInFailure(event), { name: 'ben', reason: 'the password was wrong', address: '192.0.2.7' });
  assert.equal(signInFailure({ ...event, status_detail: 'new_reason' })?.reason, 'new_reason');
});

test('neither a sign-in that went well nor an event from outside that claims to be ours is one', () => {
  assert.equal(signInFailure({ ...event, status_id: 1 }), undefined);
  assert.equal(signInFailure({ ...event, raw_data: '{}' }), undefined);
  assert.equal(signInFailure({ ...event, metadata: {} }), undefined);
  fc.assert(fc.property(fc.jsonValue(), (value) => void signInFailure(value)));
});
