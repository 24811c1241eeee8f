import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { classUidOf, eventFacts, eventSummary, isSynthetic } from './event-facts.ts';

const row = (event: Record<string, unknown> | null) => ({ position: '1/2', received: '2026-01-01T00:00:00Z', event });

test('eventSummary() says what happened, the most telling first', () => {
  const started = { class_uid: 1007, activity_id: 1, message: 'm', process: { cmd_line: 'whoami' } };
  assert.equal(eventSummary(row(started)), 'process started: whoami');
  assert.equal(eventSummary(row({ metadata: { event_code: '4688' } })), '4688');
  assert.equal(eventSummary(row({ message: 'm', finding_info: { title: 'Found' } })), 'Found');
  assert.equal(eventSummary(row(null)), 'The content was erased; its seal remains');
});

test('eventSummary() tells a record of our own by its target, and is not fooled by one sent in', () => {
  const audit = {
    message: 'request.allowed',
    metadata: { log_name: 'audit', event_code: 'request.allowed' },
    unmapped: { sallyport: { target: { type: 'route', id: '/v1/alerts', name: 'GET' } } },
  };
  assert.equal(eventSummary(row(audit)), 'request.allowed GET /v1/alerts');
  assert.equal(eventSummary(row({ ...audit, message: 'sent in', raw_data: '{}' })), 'sent in');
});

test('Any JSON gives facts that are text, and never an exception', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('message', 'device', 'actor', 'metadata', 'class_uid', 'unmapped'), fc.jsonValue()),
      (event) => {
        for (const { value } of eventFacts(row(event))) assert.equal(typeof value, 'string');
        assert.equal(typeof eventSummary(row(event)), 'string');
        assert.equal(typeof classUidOf(row(event)), 'number');
        assert.equal(typeof isSynthetic(row(event)), 'boolean');
      },
    ),
  );
});
