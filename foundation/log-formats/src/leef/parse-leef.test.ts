import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixedZone } from '../index.ts';
import { leefTime, parseLeef } from './index.ts';
import type { LeefEvent } from './index.ts';

function read(text: string): LeefEvent {
  const parsed = parseLeef(text);
  assert(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.value;
}

test('version 1.0 divides by tabs, behind a syslog header too', () => {
  const event = read(
    'Jan 18 11:07:53 192.0.2.1 LEEF:1.0|Lancope|StealthWatch|1.0|41|src=10.0.1.8\tdst=10.0.0.5\tmsg=a = b c\tsrc=x\t',
  );
  assert.deepEqual(
    [event.version, event.vendor, event.product, event.eventId, event.prefix],
    ['1.0', 'Lancope', 'StealthWatch', '41', 'Jan 18 11:07:53 192.0.2.1 '],
  );
  assert.deepEqual(
    [[...event.attributes], event.repeatedKeys],
    [
      [
        ['src', '10.0.1.8'],
        ['dst', '10.0.0.5'],
        ['msg', 'a = b c'],
      ],
      ['src'],
    ],
  );
});

test('version 2.0 names its delimiter: a character, its code, nothing, or no field at all', () => {
  for (const [field, delimiter] of [
    ['^|', '^'],
    ['x5E|', '^'],
    ['0x5e|', '^'],
    ['x09|', '\t'],
    ['|', '\t'],
    ['', '\t'],
    ['¦|', '¦'],
  ] as const) {
    const event = read(`LEEF:2.0|Lancope|StealthWatch|1.0|41|${field}src=10.0.1.8${delimiter}dst=10.0.0.5`);
    assert.deepEqual([event.delimiter, [...event.attributes.values()]], [delimiter, ['10.0.1.8', '10.0.0.5']], field);
  }
});

test('the time of the device is read in its default forms', () => {
  const reference = { nowMs: Date.UTC(2024, 5, 15), zone: fixedZone(0) };
  assert.equal(leefTime(read('LEEF:1.0|a|b|c|d|devTime=1717200000123'), reference)?.unixMs, 1_717_200_000_123);
  assert.equal(
    leefTime(read('LEEF:1.0|a|b|c|d|devTime=Jun 01 2024 00:00:00'), reference)?.unixMs,
    Date.UTC(2024, 5, 1),
  );
  assert.equal(leefTime(read('LEEF:1.0|a|b|c|d|devTime=01.06.24'), reference), undefined);
});

test('what is not LEEF is refused with its place', () => {
  const code = (text: string): unknown => {
    const parsed = parseLeef(text);
    return parsed.ok ? 'ok' : [parsed.code, parsed.at];
  };
  assert.deepEqual(code('LEEF:3.0|a|b|c|d|'), ['leef_version', 5]);
  assert.deepEqual(code('LEEF:1.0|a|b|c|d'), ['leef_header', 16]);
  assert.deepEqual(code('hello'), ['leef_not_found', 0]);
  assert.deepEqual(code('LEEF:2.0|a|b|c|d|what|'), ['leef_delimiter', 17]);
  assert.deepEqual(code(`LEEF:1.0|a|b|c|d|${'a=b\t'.repeat(2000)}`), ['leef_too_many_attributes', 17 + 1024 * 4]);
});

test('attributes come back as they were divided', () => {
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,12}$/);
  const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes('^'));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 8 }), (pairs) => {
      const event = read(`LEEF:2.0|v|p|1|e|^|${pairs.map(([name, text]) => `${name}=${text}`).join('^')}`);
      assert.deepEqual([...event.attributes], pairs);
    }),
  );
});

test('any text gets an answer', () => {
  const piece = fc.oneof(
    fc.constantFrom('LEEF:1.0|', 'LEEF:2.0|', '|', '=', '\t', 'a=', 'x09|', '^'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
      (text) => {
        const parsed = parseLeef(text);
        if (!parsed.ok) assert(parsed.at >= 0 && parsed.at <= text.length);
      },
    ),
    { numRuns: 2000 },
  );
});
