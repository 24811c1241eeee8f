import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvRecord, safeFileName } from './csv.ts';

/** RFC 4180, section 2, with any separator; as forgiving as spreadsheets with one that the file was not written with. */
function readRecord(text: string, separator: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; at < text.length && !(text[at] === '"' && text[at + 1] !== '"'); at += 1) {
        if (text[at] === '"') at += 1;
        cell += text[at];
      }
      at += 1;
    }
    while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') {
      cell += text[at];
      at += 1;
    }
    cells.push(cell);
    if (text[at] !== separator) return cells;
    at += 1;
  }
}

const nasty = fc.string({
  unit: fc.constantFrom(
    ...Array.from('=+-@\t\r\n,;|"\' a1\u00a0\u200b\ufeff＝＠\0\u001b'),
    '\ud800',
    'cmd|',
    '/C calc',
  ),
});
const cells = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' })), { minLength: 1, maxLength: 6 });

test('a record reads back as the cells it was made of, in number and, where they are harmless, in text', () => {
  assert.deepEqual(readRecord(csvRecord(['a', 'say "hi", you', 5, null, -5]), ','), [
    'a',
    'say "hi", you',
    '5',
    '',
    '-5',
  ]);
  const harmless = fc.stringMatching(/^[A-Za-z0-9 .:/\\"<>&é]*$/);
  fc.assert(
    fc.property(fc.array(harmless, { minLength: 1 }), (row) => {
      assert.deepEqual(readRecord(csvRecord(row), ','), row);
    }),
  );
  fc.assert(fc.property(cells, (row) => assert.equal(readRecord(csvRecord(row), ',').length, row.length)));
});

test('no cell begins a formula, whatever separator a program takes and whether it minds quotes', () => {
  const starts = (cell: string): boolean =>
    /^[\s"'\u00a0\ufeff]*[=+\-@＝＋－＠]/u.test(cell.replaceAll(/^[\s"]*'.*/gsu, ''));
  fc.assert(
    fc.property(cells, (row) => {
      const record = csvRecord(row);
      for (const separator of [',', ';', '\t', '|']) {
        const naive = record.split(/\r|\n/u).flatMap((line) => line.split(separator));
        for (const cell of [...readRecord(record, separator), ...naive])
          assert.ok(!starts(cell), JSON.stringify({ separator, cell, record }));
      }
    }),
    { numRuns: 2000 },
  );
});

test('known attacks are text', () => {
  for (const attack of ["=cmd|' /C calc'!A0", '+1+1', '-2+3', '@SUM(1+1)', '\t=1', '\r=1', '=HYPERLINK("http://x")'])
    assert.match(readRecord(csvRecord([attack]), ',')[0] ?? '', /^\s*'/u, attack);
  assert.equal(readRecord(csvRecord(['a;=1+1']), ',')[0], "a;'=1+1");
  assert.equal(readRecord(csvRecord(['\u001b[31mred']), ',')[0], ' [31mred');
});

test('a record is one line', () => {
  fc.assert(fc.property(cells, (row) => assert.match(csvRecord(row), /^[^\r\n]*\r\n$/u)));
});

test('a file name holds nothing that means something', () => {
  assert.equal(safeFileName(['events', '2026-01-02T03:04:05Z'], 'csv'), 'events-2026-01-02t03-04-05z.csv');
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string(), (parts, extension) => {
      assert.match(safeFileName(parts, extension), /^[a-z0-9][a-z0-9-]*\.[a-z0-9]*$/u);
    }),
  );
});
