import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeOtlpJson, encodeOtlpProtobuf, wireField } from './encode-otlp-testing.ts';
import {
  decodeOtlpJson,
  decodeOtlpProtobuf,
  defaultOtlpLimits,
  exportResponseJson,
  exportResponseProtobuf,
  unixMsOfNano,
} from './index.ts';
import type { OtlpLogRecord, OtlpValue } from './index.ts';

const key = fc.string({ unit: 'grapheme', maxLength: 8 });
const { value } = fc.letrec<{ value: OtlpValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.integer(),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((wide) => (Number.isSafeInteger(Number(wide)) ? Number(wide) : wide)),
    fc.double().filter((number) => !Number.isSafeInteger(number)),
    fc.uint8Array({ maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  ),
}));
const attributes = fc.array(fc.tuple(key, value), { maxLength: 3 }).map((pairs) => new Map(pairs));
const nano = fc.option(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String), { nil: undefined });
const hex = (digits: number): fc.Arbitrary<string | undefined> =>
  fc.option(fc.stringMatching(new RegExp(`^[1-9a-f][0-9a-f]{${digits - 1}}$`)), { nil: undefined });
const uint32 = fc.nat(4_294_967_295);
const record: fc.Arbitrary<OtlpLogRecord> = fc.record(
  {
    resource: fc.record({ attributes, schemaUrl: key }, { noNullPrototype: true }),
    scope: fc.record({ name: key, version: key, attributes, schemaUrl: key }, { noNullPrototype: true }),
    timeUnixNano: nano,
    observedTimeUnixNano: nano,
    severityNumber: fc.nat(24),
    severityText: key,
    body: fc.option(value, { nil: undefined }),
    attributes,
    droppedAttributesCount: uint32,
    flags: uint32,
    traceId: hex(32),
    spanId: hex(16),
    eventName: key,
  },
  { noNullPrototype: true },
);

test('records come back from protobuf and from JSON as they were sent', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 3 }), (records) => {
      const expected = { ok: true, value: { records, rejected: 0, rejectedReason: '' } };
      assert.deepEqual(decodeOtlpProtobuf(encodeOtlpProtobuf(records)), expected);
      assert.deepEqual(decodeOtlpJson(encodeOtlpJson(records)), expected);
    }),
    { numRuns: 200 },
  );
});

test('the example of the OTLP specification in JSON', () => {
  const text = `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
    "scopeLogs":[{"scope":{"name":"my.library","version":"1.0.0","attributes":[{"key":"my.scope.attribute","value":{"stringValue":"some scope attribute"}}]},
    "logRecords":[{"timeUnixNano":"1544712660300000000","observedTimeUnixNano":"1544712660300000000","severityNumber":10,"severityText":"Information",
    "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","body":{"stringValue":"Example log record"},
    "attributes":[{"key":"int.attribute","value":{"intValue":"10"}},{"key":"array.attribute","value":{"arrayValue":{"values":[{"stringValue":"many"}]}}},
    {"key":"map.attribute","value":{"kvlistValue":{"values":[{"key":"some.map.key","value":{"stringValue":"some value"}}]}}}]}]}]}]}`;
  const parsed = decodeOtlpJson(text);
  assert(parsed.ok);
  const [log] = parsed.value.records;
  assert(log?.timeUnixNano !== undefined);
  assert.deepEqual(
    [unixMsOfNano(log.timeUnixNano), log.traceId, log.body, log.resource.attributes.get('service.name')],
    [1_544_712_660_300, '5b8efff798038103d269b633813fc60c', 'Example log record', 'my.service'],
  );
  assert.deepEqual(
    [log.attributes.get('int.attribute'), log.attributes.get('map.attribute')],
    [10, new Map([['some.map.key', 'some value']])],
  );
});

test('a record of the wrong shape is rejected alone, a frame of the wrong shape is refused', () => {
  const parsed = decodeOtlpJson(
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":"text"},{"body":{"stringValue":"ok"}},3]}]}]}',
  );
  assert(parsed.ok);
  assert.deepEqual(
    [parsed.value.records.length, parsed.value.rejected, parsed.value.rejectedReason],
    [1, 2, 'Field "body" must be an AnyValue object'],
  );
  for (const [text, code] of [
    ['{"resourceLogs":3}', 'otlp_shape'],
    ['[]', 'otlp_json'],
    ['{', 'otlp_json'],
    ['['.repeat(500), 'otlp_too_deep'],
  ] as const) {
    const refused = decodeOtlpJson(text);
    assert.equal(refused.ok ? 'ok' : refused.code, code);
  }
});

test('unknown fields are skipped, groups and cut messages refused', () => {
  const known = encodeOtlpProtobuf([]);
  const unknown = Buffer.concat([
    wireField(99, 2, Buffer.from('x')),
    wireField(98, 0, Buffer.from([1])),
    wireField(97, 5, Buffer.alloc(4)),
    wireField(1, 0, Buffer.from([5])),
    known,
  ]);
  assert.deepEqual(decodeOtlpProtobuf(unknown), { ok: true, value: { records: [], rejected: 0, rejectedReason: '' } });
  for (const bytes of [
    [0x0b],
    [0x0a, 5, 1],
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x00, 0],
    [0x08],
  ]) {
    const refused = decodeOtlpProtobuf(Uint8Array.from(bytes));
    assert.equal(refused.ok ? 'ok' : refused.code, 'otlp_wire', String(bytes));
  }
});

test('size, depth, records and values are bounded in both encodings', () => {
  const nested = (depth: number): OtlpValue => (depth === 0 ? 'x' : [nested(depth - 1)]);
  const make = (body: OtlpValue): OtlpLogRecord => ({
    resource: { attributes: new Map(), schemaUrl: '' },
    scope: { name: '', version: '', attributes: new Map(), schemaUrl: '' },
    timeUnixNano: undefined,
    observedTimeUnixNano: undefined,
    severityNumber: 0,
    severityText: '',
    body,
    attributes: new Map(),
    droppedAttributesCount: 0,
    flags: 0,
    traceId: undefined,
    spanId: undefined,
    eventName: '',
  });
  const codes = (records: OtlpLogRecord[], limits = defaultOtlpLimits): unknown[] =>
    [decodeOtlpProtobuf(encodeOtlpProtobuf(records), limits), decodeOtlpJson(encodeOtlpJson(records), limits)].map(
      (parsed) => (parsed.ok ? 'ok' : parsed.code),
    );
  assert.deepEqual(codes([make(nested(31))]), ['ok', 'ok']);
  assert.deepEqual(codes([make(nested(32))]), ['otlp_too_deep', 'otlp_too_deep']);
  assert.deepEqual(codes([make(nested(400))]), ['otlp_too_deep', 'otlp_too_deep']);
  assert.deepEqual(codes([make('a'), make('b')], { ...defaultOtlpLimits, maxRecords: 1 }), [
    'otlp_too_many_records',
    'otlp_too_many_records',
  ]);
  assert.deepEqual(codes([make([1, 2, 3])], { ...defaultOtlpLimits, maxValues: 3 }), [
    'otlp_too_many_values',
    'otlp_too_many_values',
  ]);
  assert.deepEqual(codes([make('a'.repeat(100))], { ...defaultOtlpLimits, maxBytes: 50 }), [
    'otlp_too_large',
    'otlp_too_large',
  ]);
});

test('any bytes and nearly right requests get an answer', () => {
  const mutated = fc
    .tuple(record, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 }))
    .map(([sent, edits]) => {
      const bytes = encodeOtlpProtobuf([sent]);
      for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), (bytes) => {
      const parsed = decodeOtlpProtobuf(bytes);
      if (!parsed.ok) assert(parsed.at >= 0 && parsed.at <= bytes.length);
      decodeOtlpJson(Buffer.from(bytes).toString('latin1'));
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(
      fc.json(),
      (text) => typeof decodeOtlpJson(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${text}]}]}]}`).ok === 'boolean',
    ),
  );
});

test('answers say how many records were rejected, and nothing on full success', () => {
  assert.equal(exportResponseJson({ rejectedLogRecords: 0, errorMessage: '' }), '{}');
  assert.equal(
    exportResponseJson({ rejectedLogRecords: 3, errorMessage: 'full' }),
    '{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"full"}}',
  );
  assert.equal(exportResponseProtobuf({ rejectedLogRecords: 0, errorMessage: '' }).length, 0);
  assert.equal(
    Buffer.from(exportResponseProtobuf({ rejectedLogRecords: 300, errorMessage: 'ü' })).toString('hex'),
    '0a0708ac021202c3bc',
  );
});
