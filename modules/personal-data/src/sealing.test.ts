import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { parseJson, tokensOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import fc from 'fast-check';
import { parseFieldPath, visitTexts } from './field-paths.ts';
import { wordsOf } from './known-words.ts';
import { openBody, openingsOf } from './open-body.ts';
import type { KnownKey } from './open-body.ts';
import { sealBody } from './seal-body.ts';
import type { FoundValue } from './seal-body.ts';

const keyNamed = (name: string): FoundValue['key'] => ({
  id: hash('sha256', name).slice(0, 32),
  bytes: hash('sha256', `key of ${name}`, 'buffer'),
});
const valuesOf = (...names: readonly string[]): FoundValue[] =>
  names.map((written) => ({ written, key: keyNamed(written) }));
const keyring =
  (values: readonly FoundValue[], erased: readonly string[] = []) =>
  (keyId: string): KnownKey => {
    if (erased.some((name) => keyNamed(name).id === keyId)) return 'erased';
    return values.find(({ key }) => key.id === keyId)?.key.bytes ?? 'lost';
  };
const event = {
  class_uid: 3002,
  time: 1_763_800_000_000,
  message: 'Failed password for ada from 192.0.2.7 port 22',
  actor: { user: { name: 'ada' } },
  observables: [{ name: 'user', value: 'Ada' }],
  raw_data: 'XyB3aXRob3V0IGFueSBuYW1l',
  unmapped: { 'home of ada': '/home/ada', canada: 'signal', big: 12_345_678_901_234 },
};

test('every string that holds the value is sealed, whatever its case, and no other; names of fields only where the sender chose them', () => {
  const values = valuesOf('ada');
  const sealed = sealBody(JSON.stringify(event), values, randomBytes);
  assert.doesNotMatch(sealed.replaceAll(/"sealed1\.[^"]*"/gu, ''), /\bada\b/iu);
  assert.doesNotMatch(sealed, /XyB3aXRob3V0/u);
  assert.match(sealed, /"canada":"signal"/u);
  assert.equal(tokensOf(sealed).length, 6);
  assert.equal(openBody(sealed, keyring(values)).text, JSON.stringify(event));
});

test('erasing one of several subjects of a string erases it, and what names others alone stays', () => {
  const values = valuesOf('ada', 'grace');
  const text = '{"message":"ada wrote to grace","to":"grace","unmapped":{"ada a":1,"ada b":2}}';
  const sealed = sealBody(text, values, randomBytes);
  const opened = openBody(sealed, keyring(values, ['ada']));
  assert.deepEqual(parseJson(opened.text), {
    message: '[erased]',
    to: 'grace',
    unmapped: { '[erased]': 1, '[erased] 2': 2 },
  });
  assert.deepEqual([opened.erased, opened.lost], [3, 0]);
  assert.equal(openBody(sealed, keyring(valuesOf('grace'))).lost, 3);
});

test('a salt and a text open the commitment, and nothing opens what is erased', () => {
  const values = valuesOf('ada', 'grace');
  const sealed = sealBody('{"a":"ada","g":"grace"}', values, randomBytes);
  const openings = openingsOf(sealed, keyring(values, ['grace']));
  const [first, second] = tokensOf(sealed);
  assert.equal(openings[1], undefined);
  assert.equal(openings[0]?.plain.toString(), '"ada"');
  const again = hash(
    'sha256',
    Buffer.concat([openings[0]?.salt ?? Buffer.of(), openings[0]?.plain ?? Buffer.of()]),
    'buffer',
  );
  assert.deepEqual(Buffer.from(first?.commitment ?? []), again);
  assert.notDeepEqual(Buffer.from(second?.commitment ?? []), again);
});

test('a random source that repeats gives different texts different keys, and equal texts the same bytes', () => {
  const same = (bytes: number): Buffer => Buffer.alloc(bytes, 1);
  const [ada] = tokensOf(sealBody('{"a":"ada one"}', valuesOf('ada'), same));
  const [other] = tokensOf(sealBody('{"a":"ada two"}', valuesOf('ada'), same));
  const [again] = tokensOf(sealBody('{"a":"ada one"}', valuesOf('ada'), same));
  assert.notDeepEqual(ada?.commitment, other?.commitment);
  assert.deepEqual(ada, again);
});

test('a changed token, one under another key and one cut short do not open', () => {
  const values = valuesOf('ada');
  const sealed = sealBody('{"a":"ada"}', values, randomBytes);
  const token = /sealed1\.([^"]*)/u.exec(sealed)?.[1] ?? '';
  const bytes = Buffer.from(token, 'base64url');
  for (let at = 18; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const { text } = openBody(sealed.replace(token, changed.toString('base64url')), keyring(values));
    assert.equal(text, '{"a":"[unreadable]"}');
  }
  assert.equal(openBody(sealed.replace(token, token.slice(0, 40)), keyring(values)).text.includes('ada'), false);
});

test('an event with too many strings, or too long a one, is sealed as a whole and comes back as it was', () => {
  const values = valuesOf('ada');
  const many = JSON.stringify({ class_uid: 1001, time: 5, list: Array.from({ length: 3000 }, () => 'ada') });
  const long = JSON.stringify({ class_uid: 1001, raw_data: `ada ${'\u20ac'.repeat(690_000)}` });
  for (const text of [many, long]) {
    const sealed = sealBody(text, values, randomBytes);
    assert.ok(Buffer.byteLength(sealed) < 3 * 1024 * 1024);
    assert.equal(openBody(sealed, keyring(values)).text, text);
    const erased = parseJson(openBody(sealed, keyring(values, ['ada'])).text);
    assert.doesNotMatch(JSON.stringify(erased), /\bada\b/u);
    assert.match(JSON.stringify(erased), /"class_uid":1001.*"message":"\[erased\]"/u);
  }
});

test('what would take long to look through is sealed as a whole instead, or passed over', () => {
  const long = `${'a'.repeat(100_000)}b`;
  const values = valuesOf(...Array.from({ length: 3000 }, (_, at) => `nobody ${at}`), long);
  const text = JSON.stringify({ class_uid: 3002, list: Array.from({ length: 30_000 }, () => 'a text'), message: long });
  for (const some of [values, valuesOf(long)]) {
    // Each would be minutes of comparing.
    const sealed = sealBody(text.replaceAll('a text', `a ${'a'.repeat(30)}`), some, randomBytes);
    assert.equal(tokensOf(sealed).length, 1);
    assert.equal(tokensOf(sealed)[0]?.holds, 'body');
  }
  const words = wordsOf({ list: Array.from({ length: 300 }, () => `a${'.'.repeat(19_000)}a ada`) });
  assert.ok(words.has('ada'));
});

test('a path of many stars in an event as deep as there may be visits each text a few times at most', () => {
  const path = parseFieldPath(`${'**.a.'.repeat(5)}**.name`) ?? [];
  let event: JsonValue = { name: 'ada' };
  for (let depth = 0; depth < 60; depth += 1) event = { a: event };
  const found: string[] = [];
  visitTexts([path], event, (_, text) => found.push(text));
  assert.deepEqual(new Set(found), new Set(['ada']));
  assert.ok(found.length <= 128);
});

test('a name is found in what people search for, in accounts of a domain and in addresses', () => {
  const words = wordsOf({ query: 'user:ada raw.User:CORP\\grace -host:"web 1" joan@example.com ip:2001:db8::1' });
  for (const name of ['ada', 'user:ada', 'grace', 'CORP\\grace', 'web 1', 'joan', 'joan@example.com', '2001:db8::1'])
    assert.ok(words.has(name), name);
});

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    'sealed1.',
    'sealed1.=',
    'sealed1.AAAA',
    '\\"sealed1.x',
    '"sealed1.x"',
    'ada',
    'ADA',
    '\ud800ada',
    'ada\\',
    '\tada',
  ),
  fc.string().map((text) => `sealed1.${text}`),
  fc.string().map((text) => `${text} ada ${text}`),
);

test('any JSON comes back byte for byte, whatever looks like a token in it, and the value is nowhere in the clear', () => {
  const values = valuesOf('ada', 'sealed1.');
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(hostileText, fc.array(hostileText, { maxLength: 3 }), { maxKeys: 4 }),
      fc.integer({ min: 0, max: 2 }),
      (noise, hostile, indent) => {
        const text = JSON.stringify({ message: 'ada', raw_data: 'x', noise, unmapped: hostile }, undefined, indent);
        const sealed = sealBody(text, values, randomBytes);
        assert.equal(openBody(sealed, keyring(values)).text, text);
        const visible = JSON.stringify(
          Object.values(JSON.parse(openBody(sealed, () => 'erased').text)['unmapped'] ?? {}),
        );
        assert.doesNotMatch(visible, /\bada\b/iu);
        JSON.parse(sealed);
      },
    ),
    { numRuns: 400 },
  );
});
