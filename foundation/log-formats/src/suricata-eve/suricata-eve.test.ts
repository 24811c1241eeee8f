import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSuricataEve } from './index.ts';

test('an event has its type, time and signature', () => {
  const parsed = parseSuricataEve(
    '{"timestamp":"2017-04-07T22:24:37.251547+0100","flow_id":5,"event_type":"alert","src_ip":"192.0.2.1","alert":{"signature_id":2001999}}',
  );
  assert(parsed.ok);
  assert.deepEqual(
    [parsed.value.eventType, parsed.value.unixMs, parsed.value.signatureId],
    ['alert', Date.UTC(2017, 3, 7, 21, 24, 37, 251), 2_001_999],
  );
});

test('other JSON and other text are refused', () => {
  for (const [line, code] of [
    ['{"event_type":"alert"}', 'eve_not_an_event'],
    ['{', 'eve_json'],
    ['[1]', 'eve_json'],
  ] as const) {
    const parsed = parseSuricataEve(line);
    assert.equal(parsed.ok ? 'ok' : parsed.code, code);
  }
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (line) => !parseSuricataEve(line).ok));
});
