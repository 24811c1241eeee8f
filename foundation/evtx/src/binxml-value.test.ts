import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeChunk, writeLog, written } from './evtx-testing.ts';
import type { WrittenContent, WrittenElement, WrittenValue } from './evtx-testing.ts';
import { createEvtxReader } from './index.ts';
import type { EvtxOptions, JsonValue } from './index.ts';

function event(data: readonly WrittenContent[], name = 'EventData'): WrittenElement {
  return { name: 'Event', content: [{ name, content: data }] };
}

/** The one event of a log that has this template with these values. */
function eventOf(template: WrittenElement, values: readonly WrittenValue[], options: EvtxOptions = {}): JsonValue {
  const reader = createEvtxReader(options);
  const log = writeLog([writeChunk([{ id: 1n, body: (writer) => writer.instance(template, values) }])]);
  const [, item, ...others] = [...reader.push(log), ...reader.end()];
  assert.deepEqual(others, []);
  assert.ok(item?.kind === 'record', JSON.stringify(item));
  return item.event;
}

/** An event whose one datum `D` has this value. */
function valueOf(value: WrittenValue, options: EvtxOptions = {}): JsonValue {
  const template = event([{ name: 'Data', attributes: [['Name', ['D']]], content: [{ place: 0 }] }]);
  return JSON.parse(JSON.stringify(eventOf(template, [value], options))).Event.EventData.D;
}

test('every type of value has its form', () => {
  const { raw } = written;
  const cases: (readonly [WrittenValue, JsonValue])[] = [
    [raw(0x01, '41 00 00 00'), 'A'],
    [raw(0x01, '41 00 00 00 42 00'), 'A\0B'],
    [raw(0x01, '00 d8'), '\ufffd'],
    [raw(0x01, ''), ''],
    [raw(0x02, '41 c3 a9 00'), 'Aé'],
    [raw(0x02, '41 e9'), 'Aé'],
    [raw(0x03, 'ff'), -1],
    [raw(0x04, 'ff'), 255],
    [raw(0x05, 'feff'), -2],
    [raw(0x06, 'feff'), 65_534],
    [raw(0x07, 'fdffffff'), -3],
    [raw(0x08, 'fdffffff'), 4_294_967_293],
    [raw(0x09, 'fcffffff ffffffff'), -4],
    [raw(0x09, '00000000 00000080'), '-9223372036854775808'],
    [raw(0x0a, 'ffffffff ffff1f00'), 9_007_199_254_740_991],
    [raw(0x0a, 'ffffffff ffffffff'), '18446744073709551615'],
    [raw(0x0b, '0000c03f'), 1.5],
    [raw(0x0c, '00000000 0000f8bf'), -1.5],
    [raw(0x0b, '0000807f'), '1.#INF'],
    [raw(0x0b, '000080ff'), '-1.#INF'],
    [raw(0x0c, '00000000 0000f87f'), '-1.#IND'],
    [raw(0x0d, '01000000'), true],
    [raw(0x0d, '00000000'), false],
    [raw(0x0e, '00ff10'), '00FF10'],
    [raw(0x0f, '3870572a c2e0 43bf 4c06 f5698ffbd94d'), '2A577038-E0C2-BF43-4C06-F5698FFBD94D'],
    [raw(0x10, '10000000'), '0x10'],
    [raw(0x10, '00000000 01000000'), '0x100000000'],
    [raw(0x11, 'f8a2fc0e 715fdc01'), '2025-11-27T07:40:10.1653240Z'],
    [raw(0x11, '00000000 00000000'), '1601-01-01T00:00:00.0000000Z'],
    [raw(0x12, 'e907 0b00 0400 1b00 0700 2800 0a00 a500'), '2025-11-27T07:40:10.1650000Z'],
    [raw(0x12, 'e907 0d00 0400 1b00 0700 2800 0a00 a500'), 'E9070D0004001B00070028000A00A500'],
    [raw(0x13, '0101 000000000005 12000000'), 'S-1-5-18'],
    [raw(0x13, '0101 010000000005 12000000'), 'S-1-0x010000000005-18'],
    [raw(0x13, '0102 000000000005 12000000'), '010200000000000512000000'],
    [raw(0x14, 'ff000000'), '0xff'],
    [raw(0x15, '00000000 00000080'), '0x8000000000000000'],
    [raw(0x20, '0102'), '0102'],
    [raw(0x77, '0102'), '0102'],
    [raw(0x08, '0102'), 513],
    [raw(0x08, '010203'), '010203'],
    [raw(0x00, ''), ''],
  ];
  for (const [value, wanted] of cases) assert.deepEqual(valueOf(value), wanted, `type 0x${value.type.toString(16)}`);
  const guid = raw(0x0f, '3870572a c2e0 43bf 4c06 f5698ffbd94d');
  assert.equal(valueOf(guid, { guids: 'braced' }), '{2A577038-E0C2-BF43-4C06-F5698FFBD94D}');
});

test('arrays repeat the element they lie in, an empty one gives one element', () => {
  const { raw, strings } = written;
  assert.deepEqual(valueOf(strings(['a', '', 'b'])), ['a', '', 'b']);
  assert.deepEqual(valueOf(raw(0x81, '6100 0000 6200')), ['a', 'b']);
  assert.equal(valueOf(strings(['only'])), 'only');
  assert.equal(valueOf(raw(0x81, '')), '');
  assert.deepEqual(valueOf(raw(0x82, '6100 6200')), ['a', 'b']);
  assert.deepEqual(valueOf(raw(0x84, '0102')), [1, 2]);
  assert.deepEqual(valueOf(raw(0x88, '01000000 02000000')), [1, 2]);
  assert.deepEqual(valueOf(raw(0x8d, '01000000 00000000')), [true, false]);
  assert.deepEqual(valueOf(raw(0x93, '0100 000000000001 0101 000000000005 12000000')), ['S-1-1', 'S-1-5-18']);
  assert.deepEqual(valueOf(raw(0x95, '0100000000000000 0200000000000000')), ['0x1', '0x2']);
  assert.equal(valueOf(raw(0x88, '010203')), '010203');
  const unnamed = event([
    { name: 'Data', content: [{ place: 0 }] },
    { name: 'Binary', content: [{ place: 1 }] },
  ]);
  assert.deepEqual(eventOf(unnamed, [strings(['x', 'y']), raw(0x0e, 'ab')]), {
    Event: { EventData: { Binary: 'AB', Data: { '#text': ['x', 'y'] } } },
  });
  const inStep = event([{ name: 'Item', attributes: [['n', [{ place: 0 }]]], content: [{ place: 1 }] }], 'UserData');
  assert.deepEqual(eventOf(inStep, [raw(0x84, '0102'), strings(['one', 'two', 'three'])]), {
    Event: {
      UserData: {
        Item: [{ '#attributes': { n: 1 }, '#text': 'one' }, { '#attributes': { n: 2 }, '#text': 'two' }, 'three'],
      },
    },
  });
});

test('a large honest array is read whole', () => {
  const texts = Array.from({ length: 4_000 }, (_, index) => `v${index}`);
  assert.deepEqual(valueOf(written.strings(texts)), texts);
});
