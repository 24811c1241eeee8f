import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { engineJson, isReadAsItIs } from './engine-json.ts';
import { engineRows } from './engine-rows.ts';

const sign = fc.constantFrom(
  '{',
  '}',
  '"',
  '""',
  '\\',
  '\\u',
  'd',
  '8',
  '1'.repeat(19),
  '\n',
  '\r',
  '\u001f',
  '\t',
  ' ',
  ';',
  '\u0000',
  'é',
  '😀',
);
const body = fc.oneof(
  fc.string({ unit: sign }).map((text) => Buffer.from(text)),
  fc.string({ unit: sign }).map((text) => Buffer.from(`{${text}}`)),
  fc.json().map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);
const rows = fc.array(
  fc.record({
    log: fc.integer({ min: 1, max: 0xffffffff }),
    index: fc.maxSafeNat(),
    receivedAtMs: fc.integer({ min: 0, max: 7_258_118_399_999 }),
    classUid: fc.integer({ min: 0, max: 0xffffffff }),
    body,
  }),
  { maxLength: 4 },
);

function valuesOf(line: string): string[] {
  const values: unknown[] = JSON.parse(line);
  return values.map(String);
}

test('every row is one line with its own values, whatever its body is', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(rows, (sent) => {
      const { values, format } = engineRows(sent);
      seen.add(format);
      const lines = values.toString().split('\n');
      assert.equal(lines.pop(), '');
      assert.deepEqual(
        lines.map((line) => (format === 'CSV' ? line.split('\u001f') : valuesOf(line))),
        sent.map((row) => [
          String(row.log),
          String(row.index),
          new Date(row.receivedAtMs).toISOString().slice(0, 23).replace('T', ' '),
          String(row.classUid),
          engineJson(row.body.toString()),
        ]),
      );
    }),
    { numRuns: 2000 },
  );
  assert.equal(seen.size, 2);
});

test('what an event from intake says goes in byte by byte', () => {
  const text = JSON.stringify({ message: 'a "quoted" \\ word, a line\r\nand é 😀', number: 123_456_789_012_345_680 });
  const { values } = engineRows([{ log: 1, index: 2, receivedAtMs: 0, classUid: 3, body: Buffer.from(text) }]);
  assert.equal(values.toString(), `1\u001f2\u001f1970-01-01 00:00:00.000\u001f3\u001f${text}\n`);
});

test('every text that the engine would refuse is seen in its bytes', () => {
  const unit = fc.constantFrom(
    '\\',
    '\\u',
    'd',
    'D',
    '8',
    'f',
    '"',
    '1',
    '9'.repeat(17),
    '9'.repeat(19),
    'x'.repeat(17),
  );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const isRefused = /\\u[dD]|\d{19}/.test(text);
      assert.equal(isReadAsItIs(Buffer.from(text)), !isRefused, text);
      if (!isRefused) assert.equal(engineJson(text), text);
    }),
    { numRuns: 5000 },
  );
});
