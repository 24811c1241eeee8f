import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base64Offsets, utf8Bytes } from './encoding.ts';
import type { JsonObject } from './json.ts';
import { knownModifiers } from './modifiers.ts';
import { holds, refusalCode } from './try-detection.ts';

function base64(text: string, encoding: BufferEncoding = 'utf8'): string {
  return Buffer.from(text, encoding).toString('base64');
}

type Row = { readonly item: string; readonly yes: readonly JsonObject[]; readonly no: readonly JsonObject[] };

/** Each modifier of Sigma 2.1 with events for and against it. */
const rows: Readonly<Record<string, Row>> = {
  all: {
    item: "F|contains|all: ['one', 'two']",
    yes: [{ F: 'two and one' }, { F: ['one', 'two'] }],
    no: [{ F: 'one' }, {}],
  },
  startswith: { item: "F|startswith: 'adm_'", yes: [{ F: 'ADM_kim' }], no: [{ F: 'x adm_' }] },
  endswith: {
    item: "F|endswith: '\\cmd.exe'",
    yes: [{ F: 'C:\\Windows\\CMD.EXE' }],
    no: [{ F: 'C:\\cmd.exe.bak' }, { F: 'cmd.exe' }],
  },
  contains: { item: "F|contains: 'a*b'", yes: [{ F: 'xxAxxBxx' }], no: [{ F: 'ba' }] },
  exists: { item: 'F|exists: true', yes: [{ F: null }, { F: '' }, { F: { a: 1 } }], no: [{ G: 1 }, {}] },
  cased: { item: "F|cased: 'Abc'", yes: [{ F: 'Abc' }], no: [{ F: 'abc' }] },
  neq: { item: "F|neq: ['a', 'b']", yes: [{ F: 'c' }, {}], no: [{ F: 'A' }, { F: 'b' }, { F: ['c', 'a'] }] },
  windash: {
    item: "F|contains|windash: ' -enc '",
    yes: [{ F: 'p -enc x' }, { F: 'p /ENC x' }, { F: 'p –enc x' }, { F: 'p —enc x' }, { F: 'p ―enc x' }],
    no: [{ F: 'p +enc x' }],
  },
  re: { item: "F|re: '^a[0-9]+b'", yes: [{ F: 'a12b and more' }], no: [{ F: 'A12b' }, { F: 'xa1b' }] },
  i: { item: "F|re|i: 'a\\d'", yes: [{ F: 'xA1' }], no: [{ F: 'xA' }] },
  m: { item: "F|re|m: '^two$'", yes: [{ F: 'one\ntwo\nthree' }], no: [{ F: 'one two' }] },
  s: { item: "F|re|s: 'a.b'", yes: [{ F: 'a\nb' }], no: [{ F: 'ab' }] },
  base64: {
    item: "F|base64|contains: 'whoami'",
    yes: [{ F: `x ${base64('whoami')}` }],
    no: [{ F: base64('hostname') }],
  },
  base64offset: {
    item: "F|base64offset|contains: 'http://'",
    yes: [{ F: base64('ahttp://b') }, { F: base64('abhttp://b') }, { F: base64('http://') }],
    no: [{ F: base64('ftp://') }],
  },
  utf16le: {
    item: "F|utf16le|base64offset|contains: 'whoami'",
    yes: [{ F: base64('; whoami', 'utf16le') }],
    no: [{ F: base64('whoami') }],
  },
  wide: {
    item: "F|wide|base64offset|contains: 'whoami'",
    yes: [{ F: base64('whoami', 'utf16le') }],
    no: [{ F: base64('whoami') }],
  },
  utf16be: {
    item: "F|utf16be|base64|contains: 'ab'",
    yes: [{ F: Buffer.from([0, 97, 0, 98]).toString('base64') }],
    no: [{ F: base64('ab', 'utf16le') }],
  },
  utf16: {
    item: "F|utf16|base64: 'ab'",
    yes: [{ F: Buffer.from([0xff, 0xfe, 97, 0, 98, 0]).toString('base64') }],
    no: [{ F: base64('ab', 'utf16le') }],
  },
  lt: { item: 'F|lt: 5', yes: [{ F: 4 }, { F: '4.5' }], no: [{ F: 5 }, { F: 'four' }, {}] },
  lte: { item: 'F|lte: 5', yes: [{ F: 5 }], no: [{ F: 6 }] },
  gt: { item: 'F|gt: 5', yes: [{ F: '6' }], no: [{ F: 5 }, { F: null }] },
  gte: { item: 'F|gte: -5', yes: [{ F: -5 }], no: [{ F: '-6' }] },
  minute: {
    item: 'F|minute: 7',
    yes: [{ F: '2026-01-02 03:07:09' }],
    no: [{ F: '2026-01-02 07:03:09' }, { F: 'soon' }],
  },
  hour: {
    item: 'F|hour: 23',
    yes: [{ F: '2026-01-02T23:07:09.123Z' }, { F: '2026-01-02T23:07:09+05:00' }],
    no: [{ F: '2026-01-02T22:07:09Z' }],
  },
  day: { item: 'F|day: 2', yes: [{ F: '2026/01/02' }], no: [{ F: '2026-02-01' }] },
  week: { item: 'F|week: 1', yes: [{ F: '2025-12-29' }, { F: '2026-01-04' }], no: [{ F: '2026-01-05' }] },
  month: { item: 'F|month: [6, 7]', yes: [{ F: 1_751_328_000 }, { F: 1_751_328_000_000 }], no: [{ F: '2026-08-01' }] },
  year: { item: 'F|year: 2026', yes: [{ F: '2026-08-01' }], no: [{ F: '2025-08-01' }, { F: '' }] },
  cidr: {
    item: "F|cidr: ['10.0.0.0/8', 'fe80::/10']",
    yes: [{ F: '10.200.3.4' }, { F: 'fe80::1%eth0' }, { F: '::ffff:10.1.1.1' }],
    no: [{ F: '11.0.0.1' }, { F: 'fec0::1' }, { F: '10.0.0' }, { F: 'host' }, { F: '10.0.0.999' }],
  },
  fieldref: {
    item: 'F|fieldref: Other Field',
    yes: [{ F: 'Kim', 'Other Field': 'KIM' }],
    no: [{ F: 'Kim', OtherField: 'Lee' }, { F: 'Kim' }, {}],
  },
};

for (const [modifier, { item, yes, no }] of Object.entries(rows)) {
  test(`${modifier}: the events for it match and those against it do not`, () => {
    for (const event of yes) assert.equal(holds(`sel:\n    ${item}`, event), true, JSON.stringify(event));
    for (const event of no) assert.equal(holds(`sel:\n    ${item}`, event), false, JSON.stringify(event));
  });
}

test('every modifier of the specification has a row or a test of its own', () => {
  assert.deepEqual([...knownModifiers].filter((name) => !(name in rows) && name !== 'expand').toSorted(), []);
});

test('exists: false holds only where the field is absent', () => {
  assert.equal(holds('sel:\n    F|exists: false', {}), true);
  assert.equal(holds('sel:\n    F|exists: false', { F: null }), false);
});

test('expand is refused without values, and stands for each of its values where a table is given', () => {
  const sel = "sel:\n    F|contains|expand: 'on %Servers% as'";
  assert.equal(refusalCode(sel), 'placeholder_without_values');
  assert.equal(refusalCode(sel, { Servers: [] }), 'placeholder_without_values');
  assert.equal(refusalCode("sel:\n    F|expand: '%constructor%'"), 'placeholder_without_values');
  const table = { Servers: ['srv*', 'dc1'] };
  assert.equal(holds(sel, { F: 'on SRV77 as kim' }, table), true);
  assert.equal(holds(sel, { F: 'on dc1 as kim' }, table), true);
  assert.equal(holds(sel, { F: 'on dc2 as kim' }, table), false);
  assert.equal(holds("sel:\n    F|expand: '\\%a%Servers%'", { F: '%adc1' }, table), true);
  assert.equal(holds("sel:\n    F: '%Servers%'", { F: '%servers%' }), true, 'without expand it is a plain text');
  assert.equal(
    holds("sel:\n    F|re|expand: '^%Servers%$'", { F: 'srv*' }, table),
    true,
    'values are quoted in a regular expression',
  );
  assert.equal(holds("sel:\n    F|re|expand: '^%Servers%$'", { F: 'srvvv' }, table), false);
});

test('neq goes with every kind of value', () => {
  assert.equal(holds('sel:\n    F|fieldref|neq: G', { F: 'a', G: 'b' }), true);
  assert.equal(holds('sel:\n    F|fieldref|neq: G', { F: 'a', G: 'A' }), false);
  assert.equal(holds('sel:\n    F|neq: 5', { F: 6 }), true);
  assert.equal(holds('sel:\n    F|neq: 5', { F: '5' }), false);
  assert.equal(holds("sel:\n    F|contains|neq: 'a'", { F: 'bab' }), false);
  assert.equal(holds('sel:\n    F|neq: null', { F: 'x' }), true);
  assert.equal(holds('sel:\n    F|neq: null', {}), false);
  assert.equal(holds("sel:\n    F|cidr|neq: '10.0.0.0/8'", { F: '10.1.1.1' }), false);
});

test('fieldref takes cased and positions, and what stands in the event is never a pattern', () => {
  assert.equal(holds('sel:\n    F|fieldref|cased: G', { F: 'a', G: 'A' }), false);
  assert.equal(holds('sel:\n    F|fieldref|startswith: G', { F: 'C:\\x\\y', G: 'c:\\X' }), true);
  assert.equal(holds('sel:\n    F|fieldref|endswith: G', { F: 'C:\\x\\y', G: 'c:\\X' }), false);
  assert.equal(holds('sel:\n    F|fieldref|contains: G', { F: 'abc', G: 'B' }), true);
  assert.equal(holds('sel:\n    F|fieldref: G', { F: 'abc', G: '*' }), false);
});

test('parts of a date can be compared', () => {
  assert.equal(holds('sel:\n    F|hour|gte: 22', { F: '2026-01-02T23:00:00Z' }), true);
  assert.equal(holds('sel:\n    F|hour|lt: 6', { F: '2026-01-02T23:00:00Z' }), false);
});

test('base64offset finds the value at any place in any longer text', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 8 }),
      fc.string({ minLength: 4, maxLength: 12 }),
      fc.string({ maxLength: 8 }),
      (before, value, after) => {
        const whole = base64(before + value + after);
        assert.ok(base64Offsets(utf8Bytes(value)).some((part) => whole.includes(part)));
      },
    ),
  );
});

test('modifiers that cannot be honoured are refused with their own code', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['F|unknown: a', 'unknown_modifier'],
    ['F|Contains: a', 'unknown_modifier'],
    ['F|exists: yes', 'modifier_misuse'],
    ['F|contains|exists: true', 'modifier_misuse'],
    ["F|lt: 'five'", 'modifier_misuse'],
    ['F|lt|gt: 5', 'modifier_misuse'],
    ["F|cidr: '10.0.0.0/33'", 'invalid_value'],
    ['F|cidr|contains: 10.0.0.0/8', 'modifier_misuse'],
    ["F|base64: 'a*'", 'modifier_misuse'],
    ["F|utf16le|windash: '-a'", 'modifier_misuse'],
    ['F|contains: null', 'modifier_misuse'],
    ["F|i: 'a'", 'modifier_misuse'],
    ["F|re|base64: 'a'", 'modifier_misuse'],
    ["F|re: '(?<=a)b\\1'", 'regex_unsupported'],
    ["F|re: 'a(?=b)'", 'regex_unsupported'],
    ["F|re: '(?>a)'", 'regex_unsupported'],
    ["F|re: '('", 'regex_unsupported'],
    [`F|re: '${'a'.repeat(5000)}'`, 'regex_unsupported'],
    [`F|windash|base64: '${'-'.repeat(12)}'`, 'too_complex'],
    ["'|fieldref': G", 'modifier_misuse'],
    ['F: []', 'invalid_detection'],
    ['F: [a, null]', 'invalid_detection'],
    ['F: [[a]]', 'invalid_detection'],
    ['F: {a: b}', 'invalid_detection'],
  ];
  for (const [item, code] of refused) assert.equal(refusalCode(`sel:\n    ${item}`), code, item);
});

test('a hostile regular expression over a long text ends', () => {
  const text = `${'a'.repeat(100_000)}!`;
  for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*a){12}b', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    assert.equal(holds(`sel:\n    F|re: '${pattern}'`, { F: text }), false, pattern);
  }
});
