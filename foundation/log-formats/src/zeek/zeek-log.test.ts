import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createZeekReader, parseZeekJson } from './index.ts';

const header = [
  '#separator \\x09',
  '#set_separator\t,',
  '#empty_field\t(empty)',
  '#unset_field\t-',
  '#path\tconn',
  '#open\t2019-06-06',
  '#fields\tts\tuid\tid.orig_h\tid.resp_p\tlocal\ttunnel_parents\tnote',
  '#types\ttime\tstring\taddr\tport\tbool\tset[string]\tstring',
];

test('headers name and type the columns', () => {
  const reader = createZeekReader();
  for (const line of header) assert.equal(reader.read(line), undefined);
  const parsed = reader.read('1559847346.120295\tCxTkAC\t10.0.0.1\t443\tT\ta,b\\x2cc\t-');
  assert(parsed?.ok);
  assert.deepEqual(
    [parsed.value.path, parsed.value.unixMs, [...parsed.value.fields]],
    [
      'conn',
      1_559_847_346_120,
      [
        ['ts', 1_559_847_346.120295],
        ['uid', 'CxTkAC'],
        ['id.orig_h', '10.0.0.1'],
        ['id.resp_p', 443],
        ['local', true],
        ['tunnel_parents', ['a', 'b,c']],
      ],
    ],
  );
  assert.equal(reader.read('#close\t2019-06-06'), undefined);
});

test('rows without headers or with other columns are refused', () => {
  const reader = createZeekReader();
  const code = (line: string): unknown => {
    const parsed = reader.read(line);
    return parsed === undefined ? undefined : parsed.ok ? 'ok' : parsed.code;
  };
  assert.equal(code('a\tb'), 'zeek_no_header');
  for (const line of header) reader.read(line);
  assert.equal(code('a\tb'), 'zeek_columns');
  assert.equal(code(`a${'\tb'.repeat(10_000)}`), 'zeek_columns');
  assert.equal(code(`#fields${'\tb'.repeat(10_000)}`), 'zeek_header');
});

test('JSON lines are Zeek’s when they have what its logs have', () => {
  const parsed = parseZeekJson('{"_path":"dns","ts":"2019-06-06T18:55:46.120295Z","uid":"C","id.orig_h":"10.0.0.1"}');
  assert(parsed.ok);
  assert.deepEqual([parsed.value.path, parsed.value.unixMs], ['dns', 1_559_847_346_120]);
  const never = parseZeekJson('{"ts":1e300,"uid":"C"}');
  assert.equal(never.ok ? never.value.unixMs : 0, undefined);
  const other = parseZeekJson('{"ts":1}');
  assert.equal(other.ok ? 'ok' : other.code, 'zeek_not_a_record');
});

test('any lines get answers', () => {
  const line = fc.oneof(
    fc.constantFrom(...header, '#fields\ta\tb', '#types\tint\tset[int]', '1\t2'),
    fc.string({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const reader = createZeekReader();
      for (const text of lines) assert(reader.read(text)?.ok !== null);
    }),
  );
});
