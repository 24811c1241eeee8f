import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { liveRow } from './live-row.ts';

const rowOf = (body: Uint8Array | undefined) =>
  liveRow({ position: { log: 1, index: 2 }, receivedAtMs: 0, classUid: 1007, body });
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('a row says where, who and what', () => {
  const event = {
    severity_id: 3,
    device: { hostname: 'DEMO-PC-01' },
    actor: { user: { name: 'mira' } },
    metadata: { product: { name: 'Sysmon' } },
    process: { cmd_line: 'cmd.exe' },
    unmapped: { synthetic: true },
  };
  assert.deepEqual(rowOf(bytes(event)), {
    position: '1/2',
    received: '1970-01-01T00:00:00.000Z',
    class_uid: 1007,
    severity_id: 3,
    host: 'DEMO-PC-01',
    user: 'mira',
    product: 'Sysmon',
    text: 'cmd.exe',
    synthetic: true,
  });
});

test('an erased, oversized or broken event still has a row', () => {
  for (const body of [undefined, bytes({ message: 'x'.repeat(70_000) }), new Uint8Array([0xff, 0x7b])]) {
    const { position, class_uid, text } = rowOf(body);
    assert.deepEqual([position, class_uid, text], ['1/2', 1007, '']);
  }
});

test('whatever an event holds, its row is short and well formed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const row = rowOf(bytes({ message: text.repeat(200), device: value, actor: value, unmapped: value }));
      assert.ok(JSON.stringify(row).length < 5000);
      assert.ok(row.text.isWellFormed());
    }),
  );
});
