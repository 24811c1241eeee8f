import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import { withTelemetry } from './claude-telemetry.ts';

const server = 'https://sallyport.example';
const asks = { server, guard: "'/opt/the guard/sallyport-guard'", asks: true };

test('where the guard begins runs it is asked for the headers of telemetry; twice is once, and it goes again', () => {
  const before = { model: 'opus', env: { MINE: '1' } };
  const once = withTelemetry(before, asks);
  assert.equal(once['otelHeadersHelper'], "'/opt/the guard/sallyport-guard' telemetry claude-code");
  assert.match(JSON.stringify(once['env']), /"MINE":"1".*sallyport\.example\/v1\/agent\/telemetry"/);
  assert.doesNotMatch(JSON.stringify(once), /sp[at]_|[Bb]earer/);
  assert.deepEqual(withTelemetry(once, asks), once);
  assert.deepEqual(withTelemetry(once, { ...asks, asks: false }), before);
  assert.deepEqual(withTelemetry(withTelemetry({}, asks), { ...asks, asks: false }), {});
});

test('who tells somebody else, or chose to tell nobody, goes on as before', () => {
  for (const before of [
    { otelHeadersHelper: '/usr/bin/their-headers' },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example' } },
    { env: { CLAUDE_CODE_ENABLE_TELEMETRY: '0' } },
    { env: { OTEL_METRICS_EXPORTER: 'otlp' } },
  ])
    for (const isAsked of [true, false]) assert.deepEqual(withTelemetry(before, { ...asks, asks: isAsked }), before);
});

test('what somebody set of telemetry after us stays as it is, and our helper goes', () => {
  const once = withTelemetry({ model: 'opus' }, asks);
  const env = isJsonObject(once['env']) ? once['env'] : {};
  const on = { CLAUDE_CODE_ENABLE_TELEMETRY: '1' };
  const elsewhere = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://collector.example' };
  for (const [theirs, left] of [
    [{ OTEL_RESOURCE_ATTRIBUTES: 'team=x' }, { ...on, OTEL_RESOURCE_ATTRIBUTES: 'team=x' }],
    [{ OTEL_LOGS_EXPORT_INTERVAL: '60000' }, { ...on, OTEL_LOGS_EXPORT_INTERVAL: '60000' }],
    [{ CLAUDE_CODE_ENABLE_TELEMETRY: '0' }, { CLAUDE_CODE_ENABLE_TELEMETRY: '0' }],
    // What goes there needs what was set for us.
    [elsewhere, { ...env, ...elsewhere }],
  ] as const)
    for (const isAsked of [true, false]) {
      const changed = { ...once, env: { ...env, ...theirs } };
      const now = withTelemetry(changed, { ...asks, asks: isAsked });
      assert.deepEqual(now, { model: 'opus', env: left });
      assert.deepEqual(withTelemetry(now, { ...asks, asks: isAsked }), now);
    }
  // That the server stands elsewhere now is ours.
  const moved = withTelemetry(once, { ...asks, server: 'https://new.example' });
  assert.match(JSON.stringify(moved), /new\.example\/v1\/agent\/telemetry/);
  assert.doesNotMatch(JSON.stringify(moved), /sallyport\.example/);
});
