import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeJournalExport } from './encode-journal-testing.ts';
import {
  createJournalExportReader,
  defaultJournalLimits,
  journalJson,
  journalText,
  parseJournalJson,
} from './index.ts';
import type { JournalItem } from './index.ts';

function run(stream: Uint8Array, cuts: readonly number[] = [], limits = defaultJournalLimits): JournalItem[] {
  const reader = createJournalExportReader(limits);
  const items: JournalItem[] = [];
  let at = 0;
  for (const cut of [...cuts, stream.length]) {
    const chunk = Uint8Array.from(stream.subarray(at, at + cut));
    items.push(...reader.push(chunk));
    chunk.fill(0xee);
    assert(reader.heldBytes() <= limits.maxEntryBytes + 80);
    at += cut;
  }
  return [...items, ...reader.end()];
}
const summary = (items: readonly JournalItem[]): unknown[] =>
  items.map((item) => (item.ok ? [...item.value.fields] : item.code));

test('text and binary fields, several values, cursor and time', () => {
  const stream = encodeJournalExport([
    ['__CURSOR', 's=1;i=2'],
    ['__REALTIME_TIMESTAMP', '1342540861421465'],
    ['MESSAGE', 'two\nlines'],
    ['_GID', '1'],
    ['_GID', '2'],
    ['BLOB', Uint8Array.of(255, 0)],
  ]);
  const [item] = run(Buffer.concat([stream, stream]));
  assert(item?.ok);
  assert.deepEqual(
    [
      item.value.cursor,
      item.value.unixMs,
      journalText(item.value, 'MESSAGE'),
      item.value.fields.get('_GID'),
      item.value.fields.get('BLOB'),
    ],
    ['s=1;i=2', 1_342_540_861_421, 'two\nlines', ['1', '2'], [Uint8Array.of(255, 0)]],
  );
  assert.equal(run(Buffer.concat([stream, stream])).length, 2);
});

test('however the stream is cut, what was written comes back', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'grapheme' }).map((text) => `a\n\n${text}`),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Uint8Array.of(255, ...bytes)),
  );
  const field = fc.tuple(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,20}$/), value);
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(field, { selector: ([name]) => name, minLength: 1, maxLength: 4 }), { maxLength: 4 }),
      fc.array(fc.nat(20), { maxLength: 40 }),
      (entries, cuts) => {
        const items = run(Buffer.concat(entries.map((entry) => encodeJournalExport(entry))), cuts);
        assert.deepEqual(
          summary(items),
          entries.map((entry) => entry.map(([name, text]) => [name, [text]])),
        );
        for (const item of items) {
          assert(item.ok);
          assert.deepEqual(parseJournalJson(journalJson(item.value)), item);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('several values of a field are a list in JSON, and what stood before a fault is told', () => {
  const [item] = run(
    encodeJournalExport([
      ['_GID', '1'],
      ['_GID', '2'],
      ['B', Uint8Array.of(255)],
      ['B', 'x'],
    ]),
  );
  assert(item?.ok);
  assert.equal(journalJson(item.value), '{"_GID":["1","2"],"B":[[255],"x"]}');
  assert.deepEqual(parseJournalJson(journalJson(item.value)), item);
  const [fault] = run(Buffer.from('MESSAGE=seen\nlower=1\n\n'));
  assert(fault?.ok === false);
  assert.deepEqual([...fault.before.fields], [['MESSAGE', ['seen']]]);
});

test('a fault costs its entry and no other', () => {
  const good = encodeJournalExport([['A', 'x']]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(3n);
  const wrongEnd = Buffer.concat([Buffer.from('B\n'), length, Buffer.from('abcX\n\n')]);
  for (const [bad, code] of [
    [Buffer.from('lower=1\nC=2\n\n'), 'journal_field_name'],
    [wrongEnd, 'journal_framing'],
    [Buffer.from(`${'N'.repeat(100)}=1\n\n`), 'journal_field_name'],
    [Buffer.from('B\n\xff\xff\xff\xff\xff\xff\xff\xff\n\n', 'latin1'), 'journal_framing'],
  ] as const) {
    assert.deepEqual(summary(run(Buffer.concat([good, bad, good]))), [[['A', ['x']]], code, [['A', ['x']]]]);
  }
  assert.deepEqual(summary(run(Buffer.from('A=1\nB'))), ['journal_cut_off']);
  assert.deepEqual(summary(run(Buffer.from('A=1\nB=2'))), [
    [
      ['A', ['1']],
      ['B', ['2']],
    ],
  ]);
});

test('values over the limit are cut and counted; too many fields are refused', () => {
  const [item] = run(
    encodeJournalExport([
      ['A', 'x'.repeat(50)],
      ['B', Uint8Array.from({ length: 50 }, () => 255)],
    ]),
    [],
    { maxFieldBytes: 10, maxEntryBytes: 15, maxFields: 9 },
  );
  assert(item?.ok);
  assert.deepEqual(
    [item.value.droppedBytes, item.value.fields.get('A'), item.value.fields.get('B')],
    [85, ['x'.repeat(10)], [Uint8Array.of(255, 255, 255, 255, 255)]],
  );
  assert.deepEqual(summary(run(Buffer.from('A=1\nB=2\nC=3\n\nD=4\n'), [], { ...defaultJournalLimits, maxFields: 2 })), [
    'journal_too_many_fields',
    [['D', ['4']]],
  ]);
});

test('any bytes in any pieces give the same answers', () => {
  const piece = fc.constantFrom(
    'A',
    '=',
    '\n',
    'x',
    'B\n',
    '\0\0\0\0\0\0\0\0',
    '\x03\0\0\0\0\0\0\0',
    'abc',
    '\xff',
    '\n\n',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
      fc.array(fc.nat(4), { maxLength: 60 }),
      (bytes, cuts) => {
        assert.deepEqual(run(bytes, cuts), run(bytes));
      },
    ),
    { numRuns: 1000 },
  );
});

test('lines of journalctl -o json', () => {
  const parsed = parseJournalJson(
    '{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1342540861421465","MESSAGE":[104,105,255],"A":["x",[98]],"B":null,"__proto__":"p"}',
  );
  assert(parsed.ok);
  assert.deepEqual([...parsed.value.fields].slice(2), [
    ['MESSAGE', [Uint8Array.of(104, 105, 255)]],
    ['A', ['x', 'b']],
    ['B', []],
    ['__proto__', ['p']],
  ]);
  for (const [line, code] of [
    ['[]', 'journal_json'],
    ['{"A":{}}', 'journal_shape'],
    ['{"A":[[[["x"]]]]}', 'journal_json'],
  ] as const) {
    const refused = parseJournalJson(line);
    assert.equal(refused.ok ? 'ok' : refused.code, code);
  }
  fc.assert(fc.property(fc.json(), (line) => typeof parseJournalJson(line).ok === 'boolean'));
});
