import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import fc from 'fast-check';
import { readHarnessRecords } from './harness-records.ts';

type Value = string | number | boolean;

function request(...records: readonly Readonly<Record<string, Value>>[]): string {
  const valueOf = (value: Value): JsonObject =>
    typeof value === 'string'
      ? { stringValue: value }
      : typeof value === 'boolean'
        ? { boolValue: value }
        : Number.isInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value };
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'claude-code' } }] },
        scopeLogs: [
          {
            logRecords: records.map((attributes) => ({
              body: { stringValue: `claude_code.${String(attributes['event.name'])}` },
              attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) })),
            })),
          },
        ],
      },
    ],
  });
}

function records(text: string) {
  const read = readHarnessRecords(text);
  assert.ok(read.ok, JSON.stringify(read));
  return read.records;
}

test('what a call of the model took is read, whether numbers come as numbers or as texts', () => {
  const expected = {
    kind: 'model_called',
    prompt: 'p-1',
    model: 'claude-x',
    inputTokens: 1700,
    outputTokens: 34,
    cachedTokens: 500,
    costUsd: 0.0125,
    durationMs: 812,
    isSuccess: true,
  };
  const told = { 'event.name': 'api_request', 'prompt.id': 'p-1', model: 'claude-x' };
  const counts = { input_tokens: 1200, output_tokens: 34, cache_read_tokens: 500, cost_usd: 0.0125, duration_ms: 812 };
  const asTexts = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));
  assert.deepEqual(records(request({ ...told, ...counts })), [expected]);
  assert.deepEqual(records(request({ ...told, ...asTexts })), [expected]);
});

test('a call that ran is told, and one that was refused or has no id is not', () => {
  const ran = { 'event.name': 'tool_result', tool_name: 'Bash', tool_use_id: 't-1', success: 'true' };
  assert.deepEqual(records(request(ran, { ...ran, success: 'false' }, { ...ran, tool_use_id: '' })), [
    { kind: 'tool_ran', tool: 'Bash', call: 't-1' },
  ]);
  assert.deepEqual(records(request({ 'event.name': 'user_prompt', prompt: 'secret' })), []);
});

test('what Codex and Gemini CLI tell is read as they tell it: whole answers once, failures, and what was thought', () => {
  const codex = { 'conversation.id': 'c', model: 'gpt-x' };
  const counts = { input_token_count: '1200', output_token_count: '34', cached_token_count: 500 };
  assert.deepEqual(
    records(
      request(
        { ...codex, 'event.name': 'codex.sse_event', 'event.kind': 'response.completed', duration_ms: '0' },
        { ...codex, 'event.name': 'codex.sse_event', 'event.kind': 'response.completed', ...counts },
        { ...codex, 'event.name': 'codex.api_request', 'http.response.status_code': 200, duration_ms: '22' },
        { ...codex, 'event.name': 'codex.api_request', 'http.response.status_code': 429, duration_ms: '22' },
        { ...codex, 'event.name': 'codex.tool_result', tool_name: 'exec_command', call_id: 'call_1', success: 'true' },
        { ...codex, 'event.name': 'codex.tool_result', tool_name: 'exec_command', call_id: 'call_2', success: 'false' },
        { ...codex, 'event.name': 'codex.tool_result', tool_name: 'update_plan', call_id: 'call_3', success: 'true' },
      ),
    ),
    [
      { kind: 'model_called', model: 'gpt-x', inputTokens: 1200, outputTokens: 34, cachedTokens: 500, isSuccess: true },
      {
        kind: 'model_called',
        model: 'gpt-x',
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        durationMs: 22,
        isSuccess: false,
      },
      { kind: 'tool_ran', tool: 'exec_command', call: 'call_1' },
    ],
  );
  const gemini = { prompt_id: 'p-1', model: 'gemini-x', duration_ms: 355 };
  const took = {
    input_token_count: 1200,
    output_token_count: 34,
    thoughts_token_count: 6,
    cached_content_token_count: 7,
  };
  const said = { kind: 'model_called', prompt: 'p-1', model: 'gemini-x', durationMs: 355 };
  assert.deepEqual(
    records(
      request(
        { ...gemini, 'event.name': 'gemini_cli.api_request' },
        { ...gemini, 'event.name': 'gemini_cli.api_response', ...took },
        { ...gemini, 'event.name': 'gemini_cli.api_error', status_code: 500 },
        { ...gemini, 'event.name': 'gemini_cli.tool_call', function_name: 'read_file', success: true },
      ),
    ),
    [
      { ...said, inputTokens: 1200, outputTokens: 40, cachedTokens: 7, isSuccess: true },
      { ...said, inputTokens: 0, outputTokens: 0, cachedTokens: 0, isSuccess: false },
    ],
  );
});

test('numbers that no model takes are none', () => {
  const odd = {
    'event.name': 'api_request',
    input_tokens: 1e12,
    output_tokens: -5,
    cost_usd: 'NaN',
    duration_ms: '1e999',
  };
  assert.deepEqual(records(request(odd)), [
    { kind: 'model_called', inputTokens: 0, outputTokens: 0, cachedTokens: 0, isSuccess: true },
  ]);
});

test('whatever is sent is read or refused, and what is read is within bounds', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.jsonValue().map((value) => JSON.stringify(value)),
      ),
      (text) => {
        assert.equal(typeof readHarnessRecords(text).ok, 'boolean');
      },
    ),
  );
  const value = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('input_tokens', 'cost_usd', 'model', 'prompt.id'), value),
      (attributes) => {
        for (const record of records(request({ ...attributes, 'event.name': 'api_request' }))) {
          assert.ok(record.kind === 'model_called' && Number.isSafeInteger(record.inputTokens));
          assert.ok((record.costUsd ?? 0) >= 0 && (record.costUsd ?? 0) <= 1e6);
          assert.ok((record.model ?? '').length <= 256);
        }
      },
    ),
  );
  assert.equal(readHarnessRecords(`{"resourceLogs":"${'x'.repeat(2 * 1024 * 1024)}"}`).ok, false);
});
