import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { someRecord, writeChunk, writeLog, written } from './evtx-testing.ts';
import type { ChunkWriter, WrittenContent, WrittenElement } from './evtx-testing.ts';
import { createEvtxReader } from './index.ts';
import type { EvtxItem, EvtxOptions, JsonValue } from './index.ts';
import { limits } from './limits.ts';

function readChunks(chunks: readonly Buffer[], options: EvtxOptions = {}): EvtxItem[] {
  const reader = createEvtxReader(options);
  return [...reader.push(writeLog(chunks)), ...reader.end()].slice(1);
}

function readBody(body: (writer: ChunkWriter) => void, options: EvtxOptions = {}): EvtxItem[] {
  return readChunks([writeChunk([{ id: 1n, body }])], options);
}

function eventOf(body: (writer: ChunkWriter) => void, options: EvtxOptions = {}): JsonValue {
  const [item, ...others] = readBody(body, options);
  assert.deepEqual(others, []);
  assert.ok(item?.kind === 'record', JSON.stringify(item));
  return item.event;
}

function codeOf(body: (writer: ChunkWriter) => void): string {
  const [item] = readBody(body);
  return item?.kind === 'damaged' ? item.code : 'none';
}

function event(data: readonly WrittenContent[], name = 'EventData'): WrittenElement {
  return { name: 'Event', content: [{ name, content: data }] };
}

test('texts, entities, characters, CDATA and instructions are put together', () => {
  const content: WrittenContent[] = [
    'a',
    { entity: 'lt' },
    { character: 38 },
    { cdata: '<b>' },
    { instruction: ['target', 'said to nobody'] },
    { entity: 'unknown' },
    { place: 0 },
  ];
  const template = event([{ name: 'Data', attributes: [['Name', ['D']]], content }]);
  const [item] = readBody((writer) => writer.instance(template, [written.uint8(7)]), { withXml: true });
  assert.ok(item?.kind === 'record');
  assert.deepEqual(item.event, { Event: { EventData: { D: 'a<&<b>&unknown;7' } } });
  assert.equal(
    item.xml,
    '<Event><EventData><Data Name="D">a&lt;&amp;&lt;b&gt;&amp;unknown;7</Data></EventData></Event>',
  );
});

test('a null value empties its attribute and element; a dependency on one takes the element out of the XML', () => {
  const template: WrittenElement = {
    name: 'Event',
    content: [
      { name: 'Security', attributes: [['UserID', [{ place: 0, isOptional: true }]]] },
      { name: 'Version', content: [{ place: 0, isOptional: true }], dependency: 0 },
      { name: 'Level', content: [{ place: 1, isOptional: true }], dependency: 1 },
      { name: 'Absent', content: [{ place: 9 }] },
    ],
  };
  const [item] = readBody((writer) => writer.instance(template, [written.nothing(), written.uint8(4)]), {
    withXml: true,
  });
  assert.ok(item?.kind === 'record');
  assert.deepEqual(item.event, { Event: { Security: null, Version: null, Level: 4, Absent: null } });
  assert.equal(item.xml, '<Event><Security/><Level>4</Level><Absent/></Event>');
});

test('BinXML within a value: a template instance, a fragment, a bare element, with and without dependencies', () => {
  const outer: WrittenElement = { name: 'Event', content: [{ name: 'UserData', content: [{ place: 0 }] }] };
  const inner: WrittenElement = { name: 'Inner', content: [{ name: 'Field', content: [{ place: 0 }] }] };
  const plain: WrittenElement = { name: 'Inner', content: [{ name: 'Field', content: ['x'] }] };
  const bodies: ((writer: ChunkWriter) => void)[] = [
    (writer) => {
      writer.fragmentHeader();
      writer.instance(inner, [written.string('x')]);
      writer.number(0, 1);
    },
    (writer) => {
      writer.fragmentHeader();
      writer.element(plain, false);
      writer.number(0, 1);
    },
    (writer) => writer.element(plain, false),
    (writer) => writer.element(plain, true),
  ];
  for (const body of bodies) {
    assert.deepEqual(
      eventOf((writer) => writer.instance(outer, [body])),
      { Event: { UserData: { Inner: { Field: 'x' } } } },
    );
  }
  assert.deepEqual(
    eventOf((writer) =>
      writer.element(event([{ name: 'Data', attributes: [['Name', ['D']]], content: ['x'] }]), false),
    ),
    { Event: { EventData: { D: 'x' } } },
  );
});

test('names said twice, mixed content, Data with more than a name, and names that mean something to JavaScript', () => {
  const named = (name: string, text: string): WrittenElement => ({
    name: 'Data',
    attributes: [['Name', [name]]],
    content: [text],
  });
  const body = event([
    named('twice', '1'),
    named('twice', '2'),
    named('twice', '3'),
    named('__proto__', 'p'),
    named('constructor', 'c'),
    {
      name: 'Data',
      attributes: [
        ['Name', ['typed']],
        ['Type', ['t']],
      ],
      content: ['v'],
    },
    { name: 'Data', content: ['unnamed'] },
    { name: 'Mixed', content: ['text', { name: 'Child' }] },
  ] as const);
  const read = eventOf((writer) => writer.element(body, false));
  assert.equal(
    JSON.stringify(read),
    '{"Event":{"EventData":{"twice":["1","2","3"],"__proto__":"p","constructor":"c","typed":{"#attributes":{"Type":"t"},' +
      '"#text":"v"},"Mixed":{"#text":"text","Child":null},"Data":{"#text":"unnamed"}}}}',
  );
});

test('what is no BinXML has a code', () => {
  const template = event([]);
  assert.equal(
    codeOf((writer) => writer.raw(Buffer.from([0x33]))),
    'binxml_token',
  );
  assert.equal(
    codeOf(() => undefined),
    'binxml_empty',
  );
  assert.equal(
    codeOf((writer) => {
      writer.instance(template, []);
      writer.bytes.writeUInt32LE(60_000, writer.position - 4);
    }),
    'binxml_truncated',
  );
  assert.equal(
    codeOf((writer) => writer.raw(Buffer.from([0x0c, 1, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0]))),
    'template_offset',
  );
  assert.equal(
    codeOf((writer) => writer.raw(Buffer.from([1, 4, 0, 0, 0, 0xff, 0xff, 0, 0]))),
    'binxml_name',
  );
  let deep: WrittenElement = { name: 'x' };
  for (let depth = 0; depth < limits.depth; depth += 1) deep = { name: 'x', content: [deep] };
  assert.equal(
    codeOf((writer) => writer.element(deep, false)),
    'binxml_depth',
  );
});

test('a template that is itself, or values nested in values without end, is refused', () => {
  assert.equal(
    codeOf((writer) => {
      const start = writer.position;
      writer.raw(Buffer.from([0x0c, 1, 0, 0, 0, 0]));
      writer.number(start + 10, 4);
      writer.raw(Buffer.alloc(20));
      writer.number(18, 4);
      writer.raw(Buffer.from([0x0c, 1, 0, 0, 0, 0]));
      writer.number(start + 10, 4);
      writer.raw(Buffer.alloc(8));
      writer.number(0, 4);
    }),
    'template_cycle',
  );
  const outer: WrittenElement = { name: 'E', content: Array.from({ length: 8 }, () => ({ place: 0 })) };
  const nest = (depth: number) => (writer: ChunkWriter) => {
    writer.instance(outer, [depth === 0 ? written.string('x') : nest(depth - 1)]);
  };
  assert.equal(codeOf(nest(40)), 'binxml_depth');
  assert.equal(codeOf(nest(9)), 'record_too_large');
});

test('a record that says a megabyte is refused, and a chunk full of them is not read for ever', () => {
  const places = Array.from({ length: 2_000 }, () => ({ place: 0 }));
  const bomb = event([{ name: 'Data', content: places }]);
  const body = (writer: ChunkWriter): void => writer.instance(bomb, [written.string('x'.repeat(600))]);
  const records = Array.from({ length: 30 }, (_, index) => ({ id: BigInt(index + 1), body }));
  const items = readChunks([writeChunk([...records, someRecord(31, 'honest')])]);
  const found = items.map((item) => (item.kind === 'damaged' ? item.code : item.kind));
  assert.deepEqual(found, ['record_too_large', 'record_too_large', 'record_too_large', 'chunk_too_large']);
});

const safeText = fc.string({ maxLength: 20, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
const written1 = fc.oneof(
  safeText.map((text) => [written.string(text), text] as const),
  fc.nat(255).map((value) => [written.uint8(value), value] as const),
  fc.nat(65_535).map((value) => [written.uint16(value), value] as const),
  fc.integer().map((value) => [written.int32(value), value] as const),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => {
    const read = value <= 9_007_199_254_740_991n ? Number(value) : String(value);
    return [written.uint64(value), read] as const;
  }),
  fc
    .bigInt({ min: 0n, max: 2n ** 64n - 1n })
    .map((value) => [written.hexInt64(value), `0x${value.toString(16)}`] as const),
);

test('what is written is read, whatever names and values, over several records that share their template', () => {
  const name = fc.stringMatching(/^[A-Za-z][\w .]{0,12}$/);
  const fields = fc.uniqueArray(fc.tuple(name, fc.array(written1, { minLength: 3, maxLength: 3 })), {
    maxLength: 12,
    selector: ([field]) => field,
  });
  fc.assert(
    fc.property(fields, (made) => {
      const data = made.map(([field], place): WrittenElement => ({
        name: 'Data',
        attributes: [['Name', [field]]],
        content: [{ place }],
      }));
      const template: WrittenElement = { name: 'Event', content: [{ name: 'EventData', content: data }] };
      const records = [0, 1, 2].map((turn) => ({
        id: BigInt(turn + 1),
        body: (writer: ChunkWriter) =>
          writer.instance(
            template,
            made.map(([, values]) => values[turn]?.[0] ?? written.nothing()),
          ),
      }));
      const items = readChunks([writeChunk(records)]);
      assert.equal(items.length, 3);
      for (const [turn, item] of items.entries()) {
        assert.ok(item.kind === 'record');
        const wanted = Object.fromEntries(made.map(([field, values]) => [field, values[turn]?.[1] ?? '']));
        assert.deepEqual(item.event, { Event: { EventData: made.length === 0 ? null : wanted } });
      }
    }),
    { numRuns: 100 },
  );
});

test('any bytes as the body of a record never throw', () => {
  const tokens = fc.oneof(fc.integer({ min: 0, max: 0x0f }), fc.constantFrom(0x41, 0x46, 0x02, 0x18), fc.nat(255));
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 200 }), (bytes) => {
      const items = readBody((writer) => writer.raw(Uint8Array.from(bytes)), { withXml: true });
      assert.ok(items.length >= 1);
    }),
    { numRuns: 500 },
  );
});
