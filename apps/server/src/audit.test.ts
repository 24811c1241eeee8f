import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvent } from '@sallyport/ledger';
import fc from 'fast-check';
import { entryOf } from './audit.ts';

const { event } = auditEvent({
  nowMs: 1,
  actor: { kind: 'user', id: 'u-1', name: 'Ada' },
  action: 'alert.update',
  classUid: 3004,
  activityId: 3,
  outcome: 'success',
  target: { type: 'alert', id: '1-2' },
  details: { to: 'closed' },
});
const found = (body: typeof event | undefined) => ({ position: { log: 1, index: 2 }, receivedAtMs: 0, event: body });

test('an audit event is shown as who did what to whom', () => {
  assert.deepEqual(entryOf(found(event)), {
    position: '1/2',
    received: '1970-01-01T00:00:00.000Z',
    actor: { kind: 'user', id: 'u-1', name: 'Ada' },
    action: 'alert.update',
    target: { kind: 'alert', id: '1-2', name: '' },
    outcome: 'success',
    details: { to: 'closed' },
  });
});

test('what a sender says about our audit log is no entry of it, nor is what was erased', () => {
  assert.equal(entryOf(found({ ...event, raw_data: '{}' })), undefined);
  assert.equal(entryOf(found({ ...event, metadata: { version: '1.8.0' } })), undefined);
  assert.equal(entryOf(found(undefined)), undefined);
});

test('whatever stands in an event, its entry has the promised form', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (actor, unmapped) => {
      const entry = entryOf(found({ ...event, ...JSON.parse(JSON.stringify({ actor, unmapped })) }));
      assert.ok(entry !== undefined && [entry.actor.name, entry.target.id].every((text) => typeof text === 'string'));
    }),
  );
});
