import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeUtmp } from './encode-utmp-testing.ts';
import { parseUtmp } from './index.ts';

const login = {
  type: 7,
  processId: 4711,
  line: 'pts/0',
  id: 'ts/0',
  user: 'alice',
  host: '192.0.2.7',
  unixMs: 1_717_200_000_123,
  address: [192, 0, 2, 7],
};

test('records of both layouts come back, and the layout is found out', () => {
  const text = (most: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[a-zA-Z0-9./:~-]{0,${most}}$`));
  const record = fc.record({
    type: fc.integer({ min: 0, max: 9 }),
    processId: fc.nat(4_000_000),
    line: text(32),
    id: text(4),
    user: text(32),
    host: text(256),
    unixMs: fc.integer({ min: 1_000_000_000_000, max: 4_294_967_295_999 }),
    address: fc.constantFrom([], [10, 0, 0, 1]),
  });
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('384' as const, '400' as const),
      (records, layout) => {
        const bytes = Buffer.concat([...records.map((entry) => encodeUtmp(entry, layout)), Buffer.alloc(17)]);
        const parsed = parseUtmp(bytes, { layout });
        assert(parsed.ok);
        assert.deepEqual([parsed.value.usedBytes, parsed.value.damaged], [records.length * Number(layout), 0]);
        assert.deepEqual(
          parsed.value.records.map(({ processId, line, id, user, host, unixMs, address }) => ({
            processId,
            line,
            id,
            user,
            host,
            unixMs,
            address,
          })),
          records.map(({ processId, line, id, user, host, unixMs, address }) => ({
            processId,
            line,
            id,
            user,
            host,
            unixMs,
            address: address.length === 0 ? undefined : '10.0.0.1',
          })),
        );
      },
    ),
  );
  for (const layout of ['384', '400'] as const) {
    const parsed = parseUtmp(
      Buffer.concat([1, 2, 3].map((count) => encodeUtmp({ ...login, processId: count }, layout))),
    );
    assert.deepEqual(
      parsed.ok ? [parsed.value.layout, parsed.value.records.length, parsed.value.records[0]?.type] : parsed.code,
      [layout, 3, 'USER_PROCESS'],
    );
  }
});

test('addresses of IPv6 are written the short way', () => {
  const parsed = parseUtmp(
    encodeUtmp({ ...login, address: [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] }, '384'),
  );
  assert.equal(parsed.ok ? parsed.value.records[0]?.address : '', '2001:db8::1');
});

test('damaged records are counted, other bytes refused, and any bytes get an answer', () => {
  const damaged = encodeUtmp({ ...login, type: 300 }, '384');
  const parsed = parseUtmp(Buffer.concat([encodeUtmp(login, '384'), damaged, encodeUtmp(login, '384')]));
  assert.deepEqual(parsed.ok ? [parsed.value.records.length, parsed.value.damaged] : parsed.code, [2, 1]);
  const other = parseUtmp(Buffer.from('x'.repeat(800)));
  assert.equal(other.ok ? 'ok' : other.code, 'utmp_layout');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 900 }), (bytes) => typeof parseUtmp(bytes).ok === 'boolean'));
});
