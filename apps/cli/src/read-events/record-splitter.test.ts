import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJsonStrictly } from '../json-reading.ts';
import { onOneLine } from './record-boundaries.ts';
import { createRecordSplitter, type SplitRecord } from './record-splitter.ts';

const limits = { maxRecordBytes: 4096, maxDepth: 64 };

function split(input: Buffer | string, chunkSizes: readonly number[] = [7], bounds = limits): SplitRecord[] {
  const bytes = Buffer.from(input);
  const splitter = createRecordSplitter(bounds);
  const records: SplitRecord[] = [];
  for (let offset = 0, turn = 0; offset < bytes.length; turn += 1) {
    const size = Math.max(1, chunkSizes[turn % chunkSizes.length] ?? 1);
    records.push(...splitter.push(bytes.subarray(offset, offset + size)));
    offset += size;
  }
  return records.concat(splitter.end());
}

function show(records: readonly SplitRecord[]): string[] {
  return records.map((record) =>
    record.kind === 'oversize' ? 'oversize' : `${record.kind} ${record.bytes.toString()}`,
  );
}

const chunking = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const event = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });
const laidOut = fc.tuple(event, fc.constantFrom(undefined, 2, '\t'), fc.constantFrom('', '\n', '\r\n', ' ', '\n\n'));

test('objects one after another, however laid out and chunked, come out as JSON.parse reads them', () => {
  fc.assert(
    fc.property(fc.array(laidOut, { maxLength: 6 }), chunking, (pieces, sizes) => {
      const text = pieces.map(([value, indent, gap]) => JSON.stringify(value, null, indent) + gap).join('');
      const records = split(text, sizes, { maxRecordBytes: 1 << 20, maxDepth: 1000 });
      assert.ok(records.every((record) => record.kind === 'json'));
      assert.deepEqual(
        records.map((record) => (record.kind === 'json' ? parseJsonStrictly(record.bytes.toString()) : record)),
        // `Records` as the first key is the CloudTrail envelope, tested apart.
        pieces.map(([value]) => parseJsonStrictly(JSON.stringify(value))),
      );
    }),
  );
});

test('the elements of an array are the events, of a CloudTrail document its records', () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 6 }),
      fc.constantFrom(undefined, 2),
      fc.boolean(),
      chunking,
      (events, indent, envelope, sizes) => {
        const text = JSON.stringify(envelope ? { Records: events } : events, null, indent);
        const records = split(text, sizes, { maxRecordBytes: 1 << 20, maxDepth: 1000 });
        assert.deepEqual(
          records.map((record) => (record.kind === 'json' ? parseJsonStrictly(record.bytes.toString()) : record)),
          parseJsonStrictly(JSON.stringify(events)),
        );
      },
    ),
  );
});

test('two CloudTrail documents and a plain object follow each other in one stream', () => {
  assert.deepEqual(
    show(split('{"Records":[{"a":1},{"a":2}],"next":[{}]}\n{"Records": []}{"b":3}\n[1,"x,]",{"c":[4]},[5]]')),
    ['json {"a":1}', 'json {"a":2}', 'json {"b":3}', 'json 1', 'json "x,]"', 'json {"c":[4]}', 'json [5]'],
  );
});

test('a line cut off anywhere costs that line and no other', () => {
  const lines = ['{"a":"x","b":[1,{"c":2}]}', '{"n":1}', '{"n":2}'];
  const first = lines[0] ?? '';
  for (let length = 1; length < first.length; length += 1) {
    const cut = first.slice(0, length);
    const records = show(split(['{"n":0}', cut, lines[1], lines[2], ''].join('\n')));
    assert.deepEqual(records, ['json {"n":0}', `broken ${cut}`, 'json {"n":1}', 'json {"n":2}'], cut);
  }
});

test('a pretty-printed object that is cut off is one broken record, the next object survives', () => {
  const cut = JSON.stringify({ a: [{ b: 1 }, { b: 2 }], c: 3 }, null, 2).slice(0, -10);
  const records = split(`${cut}\n{\n  "d": 4\n}\n`);
  assert.deepEqual(
    records.map((record) => record.kind),
    ['broken', 'json'],
  );
});

test('text that is no JSON comes out line by line', () => {
  assert.deepEqual(show(split('hello world\n\n{"a":1}\n<14>syslog {"x":\n{"b":2}')), [
    'broken hello world',
    'json {"a":1}',
    'broken <14>syslog {"x":',
    'json {"b":2}',
  ]);
});

test('a record over the size limit is passed over without being held, and the next one is found', () => {
  const splitter = createRecordSplitter(limits);
  const chunk = Buffer.alloc(64 * 1024, 'a');
  const records = splitter.push(Buffer.from('{"n":0}\n{"a":"'));
  for (let count = 0; count < 160; count += 1) records.push(...splitter.push(chunk));
  records.push(...splitter.push(Buffer.from('"}\n{"n":1}\n')), ...splitter.end());
  assert.deepEqual(show(records), ['json {"n":0}', 'oversize', 'json {"n":1}']);
  const oversize = records[1];
  assert.equal(oversize?.kind === 'oversize' && oversize.sizeBytes, 160 * 64 * 1024 + 8);
});

test('nesting past the limit is refused in bounded time, and the next line is found', () => {
  const deep = `${'[{"a":'.repeat(200)}1${'}]'.repeat(200)}`;
  const records = split(`{"x":${deep}}\n{"n":1}\n`);
  assert.equal(records[0]?.kind === 'broken' && records[0].reason, 'nested deeper than 64 levels');
  assert.deepEqual(show(records).slice(1), ['json {"n":1}']);
});

test('no bytes whatever make the splitter throw, hang or lose a sound line after them', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string(),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\n', '\\', ' ', '1', '{"Records":['))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(
      noise,
      chunking,
      fc.constantFrom(limits, { maxRecordBytes: 16, maxDepth: 3 }),
      (garbage, sizes, bounds) => {
        const input = Buffer.concat([Buffer.from(garbage), Buffer.from('\n{"last":1}\n{"last":2}\n')]);
        const found = show(split(input, sizes, bounds));
        assert.ok(found.includes('json {"last":2}'), JSON.stringify(found));
      },
    ),
    { numRuns: 1000 },
  );
});

test('chunk boundaries never change what comes out', () => {
  const noise = fc
    .array(fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\n', '\\', ' ', 'x', '{"a":1}\n', '{"Records":['))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(noise, chunking, (text, sizes) => {
      assert.deepEqual(show(split(text, sizes)), show(split(text, [text.length + 1])));
    }),
    { numRuns: 1000 },
  );
});

test('onOneLine() drops layout only: numbers past 2^53 and escapes keep every digit', () => {
  const pretty = '{\r\n  "a" : -9223372036854775808,\n\t"b": "x \\" \\n  y"\n}';
  assert.equal(onOneLine(Buffer.from(pretty), 'json').toString(), '{"a":-9223372036854775808,"b":"x \\" \\n  y"}');
  fc.assert(
    fc.property(event, (value) => {
      assert.equal(
        onOneLine(Buffer.from(JSON.stringify(value, null, 2)), 'json').toString(),
        onOneLine(Buffer.from(JSON.stringify(value)), 'json').toString(),
      );
    }),
  );
});
