import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixedZone } from '../index.ts';
import { encodeCef } from './encode-cef-testing.ts';
import { cefLabelled, cefTime, parseCef } from './index.ts';
import type { CefEvent } from './index.ts';

const reference = { nowMs: Date.UTC(2024, 5, 15), zone: fixedZone(0) };
function read(text: string): CefEvent {
  const parsed = parseCef(text);
  assert(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.value;
}
const extensionOf = (text: string): [string, string][] => [...read(`CEF:0|v|p|1|c|n|5|${text}`).extension];

test('the examples of the CEF specification', () => {
  const event = read(
    'Sep 19 08:26:10 host CEF:0|security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232',
  );
  assert.deepEqual(
    [event.prefix, event.version, event.deviceVendor, event.deviceProduct, event.deviceEventClassId, event.name],
    ['Sep 19 08:26:10 host ', 0, 'security', 'threatmanager', '100', 'worm successfully stopped'],
  );
  assert.deepEqual(
    [event.severity, event.severityBand, [...event.extension]],
    [
      '10',
      'very_high',
      [
        ['src', '10.0.0.1'],
        ['dst', '2.1.2.2'],
        ['spt', '1232'],
      ],
    ],
  );
  assert.equal(
    read(
      String.raw`CEF:0|security|threatmanager|1.0|100|detected a \| in message|10|src=10.0.0.1 act=blocked a | dst=1.1.1.1`,
    ).name,
    'detected a | in message',
  );
  assert.equal(
    read(
      String.raw`CEF:0|security|threatmanager|1.0|100|detected a \\ in packet|10|act=blocked a \\ dst=1.1.1.1`,
    ).extension.get('act'),
    String.raw`blocked a \ `.trimEnd(),
  );
  assert.deepEqual(extensionOf(String.raw`src=10.0.0.1 act=blocked a \= dst=1.1.1.1`), [
    ['src', '10.0.0.1'],
    ['act', 'blocked a ='],
    ['dst', '1.1.1.1'],
  ]);
  assert.equal(
    extensionOf(String.raw`src=10.0.0.1 msg=Detected a threat.\n No action needed.`)[1]?.[1],
    'Detected a threat.\n No action needed.',
  );
});

test('values keep spaces, addresses of the web and unescaped signs that are no keys', () => {
  assert.deepEqual(extensionOf('msg=a b  c request=http://x/?q=1&r=2 cs1Label=Rule Name cs1=x= fname='), [
    ['msg', 'a b  c'],
    ['request', 'http://x/?q=1&r=2'],
    ['cs1Label', 'Rule Name'],
    ['cs1', 'x='],
    ['fname', ''],
  ]);
  assert.deepEqual([...cefLabelled(read('CEF:1|v|p|1|c|n|Low|cs1Label=Rule cs1=block'))], [['Rule', 'block']]);
});

test('a key that comes twice keeps its first value and is named', () => {
  const event = read('CEF:0|v|p|1|c|n|3|suser=eve msg=hello suser=root __proto__=x');
  assert.deepEqual(
    [event.extension.get('suser'), event.repeatedKeys, event.extension.get('__proto__')],
    ['eve', ['suser'], 'x'],
  );
});

test('times in milliseconds or written out', () => {
  const time = (text: string): number | undefined => cefTime(read(`CEF:0|v|p|1|c|n|3|${text}`), reference)?.unixMs;
  assert.equal(time('rt=1717200000123'), 1_717_200_000_123);
  assert.equal(time('end=Jun 01 2024 00:00:00.250 UTC'), Date.UTC(2024, 5, 1, 0, 0, 0, 250));
  assert.equal(time('rt=soon'), undefined);
});

test('what is not CEF is refused with its place', () => {
  const code = (text: string): unknown => {
    const parsed = parseCef(text);
    return parsed.ok ? 'ok' : [parsed.code, parsed.at];
  };
  assert.deepEqual(code('CEF:2|a|b|c|d|e|5|'), ['cef_version', 4]);
  assert.deepEqual(code('CEF:0|a|b|c'), ['cef_header', 11]);
  assert.deepEqual(code('xCEF:0|a|b|c|d|e|5|'), ['cef_not_found', 0]);
  assert.deepEqual(code(`CEF:0|a|b|c|d|e|5|${'a=b '.repeat(2000)}`), ['cef_too_many_fields', 18 + 1024 * 4 + 1]);
  assert.deepEqual(code('CEF:0|a|b|c|d|e|5'), 'ok');
});

test('what was encoded comes back', () => {
  // A value that ends in spaces cannot be told from one followed by the separator.
  const value = fc.string({ unit: 'binary' }).filter((text) => text.trimEnd() === text);
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.]{0,12}$/);
  const field = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(
      fc.tuple(field, field, field, field, field),
      fc.array(fc.tuple(key, value), { maxLength: 8 }),
      ([a, b, c, d, e], pairs) => {
        const sent = {
          version: 0,
          deviceVendor: a,
          deviceProduct: b,
          deviceVersion: c,
          deviceEventClassId: d,
          name: e,
          severity: '7',
          extension: new Map(pairs),
        };
        assert.deepEqual(read(encodeCef(sent)), { ...sent, severityBand: 'high', repeatedKeys: [], prefix: '' });
      },
    ),
    { numRuns: 500 },
  );
});

test('any text gets an answer', () => {
  const piece = fc.oneof(
    fc.constantFrom('CEF:0|', '|', '\\', '=', ' ', 'a=', '\\n', 'CEF:', '1|'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
      (text) => {
        const parsed = parseCef(text);
        if (!parsed.ok) assert(parsed.at >= 0 && parsed.at <= text.length);
      },
    ),
    { numRuns: 2000 },
  );
});
