import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import fc from 'fast-check';
import { createEmbeddedStore } from './embedded-store.ts';
import { engineJson } from './engine-json.ts';
import { createSearch } from './search.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const search = createSearch({ store, timeoutMs: 60_000 });
after(() => testStore.remove());

const lone = '\ud800';
const metadata = { log_name: 'audit', event_code: 'alert.comment' };
const device = { hostname: 'web1' };
const bodies = [
  { metadata, device, unmapped: { text: `secret ${lone}` } },
  { metadata, device, unmapped: { text: '\udc00\ud800' } },
  { metadata, device, unmapped: { [`field ${lone}`]: 1 } },
  { metadata, device, unmapped: { number: 2 ** 64, list: [123_456_789_012_345_680_000, -(2 ** 65), 1e20] } },
  { metadata, device, raw_data: `{"user":"\\ud800${lone}"}`, user: { name: `eve${lone}` } },
];

before(() =>
  store.insert(
    bodies.map((body, index) => ({
      position: { log: 1, index },
      receivedAtMs: Date.UTC(2026, 2, 1),
      classUid: 3002,
      body: Buffer.from(JSON.stringify(body)),
    })),
    'bodies',
  ),
);

test('no text or number makes an event unfindable by its fields', async () => {
  const { count } = await search.count({ where: [{ field: 'host', op: 'eq', value: 'web1' }] });
  assert.equal(count, bodies.length);
  const byPath = await search.count({ where: [{ field: 'metadata.event_code', op: 'exists' }] });
  assert.equal(byPath.count, bodies.length);
});

test('no text or number in an audit record shows it to those who may not read them', async () => {
  const { events } = await search.search({ withoutOwn: 'audit' });
  assert.deepEqual(
    events.map(({ position }) => position.index),
    [4],
  );
});

test('an event from outside hides behind no name of a log', async () => {
  const shown = await search.search({ where: [{ field: 'own_audit', op: 'eq', value: 1, negated: true }] });
  assert.deepEqual(
    shown.events.map(({ position }) => position.index),
    [4],
  );
  const reads = await search.count({ withoutOwn: 'reads' });
  assert.equal(reads.count, bodies.length);
});

const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\ud83d\ude00', '\ud800', '\udc00', 'u', 'd', '8', '1'.repeat(20)),
});
const number = fc.oneof(
  fc.double({ min: -1e21, max: 1e21, noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(2 ** 63, 2 ** 64, -(2 ** 63), -(2 ** 64), 1e20, 999e18),
);
const whole = (value: unknown): unknown => {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(whole);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), whole(inner)]));
};

test('what is read is the same but for halves of signs, and has neither these nor numbers beyond 64 bits', () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, number, fc.array(fc.oneof(text, number)))), (event) => {
      const body = JSON.stringify(event);
      const written = engineJson(body);
      assert.deepEqual(parseJson(written), whole(JSON.parse(body)));
      assert.ok(isJsonObject(parseJson(written)));
      const outside = written.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
      for (const [digits] of outside.matchAll(/(?<![\d.e+-])-?\d{19,}(?![\d.e])/g))
        assert.ok(BigInt(digits) < 2n ** 64n && BigInt(digits) >= -(2n ** 63n), digits);
      assert.equal(engineJson(written), written);
    }),
    { numRuns: 500 },
  );
});

test('a number beyond every number is the largest there is', () => {
  assert.equal(
    engineJson(`[-${'9'.repeat(500)},18446744073709551615]`),
    '[-1.7976931348623157e+308,18446744073709551615]',
  );
});

test('text that is no JSON, and harmless JSON, stays as it is', () => {
  for (const body of [
    '',
    '"',
    '"\\',
    '{"a":"\\\\',
    '{"a":"\\ud83d\\ude00 1234567890123456789012"}',
    '{"a":1.5e300,"b":12345678901234567890.5,"c":0.0000010000000054679002}',
  ])
    assert.equal(engineJson(body), body);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (body) => assert.doesNotThrow(() => engineJson(body))));
});
