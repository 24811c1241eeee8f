import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseKubernetesAudit } from './index.ts';

const event =
  '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"ResponseComplete","verb":"create","user":{"username":"system:admin"},"stageTimestamp":"2024-05-01T10:00:00.123456Z"}';

test('a line is one event, a webhook body many', () => {
  const parsed = parseKubernetesAudit(event);
  assert(parsed.ok);
  const [first] = parsed.value;
  assert.deepEqual(
    [first?.auditId, first?.stage, first?.verb, first?.user, first?.unixMs],
    ['a-1', 'ResponseComplete', 'create', 'system:admin', Date.UTC(2024, 4, 1, 10, 0, 0, 123)],
  );
  const list = parseKubernetesAudit(
    `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${event},{"auditID":"b","stage":"Panic"}]}`,
  );
  assert.deepEqual(list.ok ? list.value.map((item) => item.stage) : list.code, ['ResponseComplete', 'Panic']);
});

test('other objects, stages and floods are refused', () => {
  const code = (text: string): string => {
    const parsed = parseKubernetesAudit(text, { maxCharacters: 10_000, maxEvents: 2 });
    return parsed.ok ? 'ok' : parsed.code;
  };
  assert.equal(code(event.replace('ResponseComplete', 'Done')), 'kubernetes_stage');
  assert.equal(code('{"kind":"Event","apiVersion":"v1","auditID":"a"}'), 'kubernetes_not_an_event');
  assert.equal(code(`{"kind":"EventList","items":[${event},${event},${event}]}`), 'kubernetes_too_many');
  assert.equal(code('nothing'), 'kubernetes_json');
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => code(text) !== 'ok'));
});
