import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { openBlock } from './block-content.ts';
import { leavesOf } from './block-header.ts';
import { decodeBlock, encodeBlock, hollowRecord, recordLength } from './block.ts';
import { LedgerError } from './errors.ts';
import { decodeLeaf, encodeLeaf, leafBytes } from './leaf.ts';

const dataKey = { id: randomBytes(16).toString('hex'), bytes: randomBytes(32) };

function block(bodies: readonly Uint8Array[], firstIndex = 7, logId = 'sallyport/test/1'): Buffer {
  return encodeBlock({
    receivedAtMs: 1_763_000_000_000,
    log: 1,
    logId,
    firstIndex,
    blockId: randomBytes(16),
    dataKey,
    runs: [{ streamId: randomBytes(16), firstSequence: 2 ** 40, count: bodies.length, offset: 0 }],
    events: bodies.map((body) => ({ classUid: 1007, collectorId: randomBytes(16), body })),
    random: randomBytes,
  }).record;
}

test('what is sealed opens to the same bodies, and each leaf commits to salt and body', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 }), (bodies) => {
      const record = block(bodies);
      assert.equal(recordLength(record), record.length);
      const decoded = decodeBlock(record);
      const opened = openBlock(decoded, { logId: 'sallyport/test/1', dataKey: dataKey.bytes });
      assert.equal(opened.at(bodies.length), undefined);
      const events = Array.from({ length: opened.count }, (_, order) => {
        const event = opened.at(order);
        assert.ok(event);
        return event;
      });
      assert.deepEqual(
        events.map((event) => [...event.body]),
        bodies.map((body) => [...body]),
      );
      const leaves = leavesOf(decoded.header);
      for (const [order, event] of events.entries()) {
        const expected = hash('sha256', Buffer.concat([event.salt, event.body]), 'buffer');
        assert.deepEqual(leaves[order]?.hash, expected);
      }
      assert.deepEqual(leaves.at(-1)?.kind, 'block');
      assert.deepEqual(leaves.at(-1)?.hash, hash('sha256', decoded.ciphertext ?? '', 'buffer'));
    }),
    { numRuns: 50 },
  );
});

test('every single changed byte of a record is noticed', () => {
  const record = block([Buffer.from('{"a":1}'), Buffer.from('{"b":2}')]);
  for (let at = 0; at < record.length; at += 1) {
    const changed = Buffer.from(record);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    assert.throws(
      () => openBlock(decodeBlock(changed), { logId: 'sallyport/test/1', dataKey: dataKey.bytes }),
      LedgerError,
      `byte ${at}`,
    );
  }
});

test('a hollow record keeps header and leaves, notices every changed byte, and cannot be made out of a whole one by a byte', () => {
  const record = block([Buffer.from('{"n":1}'), Buffer.from('{"n":2}')]);
  const hollow = hollowRecord(record);
  const { header, ciphertext } = decodeBlock(hollow);
  assert.deepEqual({ header, ciphertext }, { header: decodeBlock(record).header, ciphertext: undefined });
  assert.equal(recordLength(hollow), hollow.length);
  assert.throws(() => openBlock({ header, ciphertext }, { logId: 'sallyport/test/1', dataKey: dataKey.bytes }), {
    code: 'ledger_corrupt',
  });
  for (let at = 0; at < hollow.length; at += 1) {
    const changed = Buffer.from(hollow);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
    assert.throws(() => decodeBlock(changed), LedgerError);
  }
  const renamed = Buffer.from(record);
  hollow.copy(renamed, 0, 0, 4);
  assert.equal(recordLength(renamed), undefined);
});

test('a record does not open in another log, under another key, or cut short', () => {
  const record = block([Buffer.from('{}')]);
  assert.throws(() => openBlock(decodeBlock(record), { logId: 'sallyport/test/2', dataKey: dataKey.bytes }), {
    code: 'ledger_corrupt',
  });
  assert.throws(() => openBlock(decodeBlock(record), { logId: 'sallyport/test/1', dataKey: randomBytes(32) }), {
    code: 'ledger_corrupt',
  });
  for (let length = 0; length < record.length; length += 1) {
    assert.throws(() => decodeBlock(record.subarray(0, length)), LedgerError);
  }
});

test('a repeated random state does not repeat a key: same salts, other content, other place', () => {
  const fixed = (bytes: number): Buffer => Buffer.alloc(bytes, 9);
  const seal = (body: string, firstIndex: number): Buffer =>
    decodeBlock(
      encodeBlock({
        receivedAtMs: 0,
        log: 1,
        logId: 'x',
        firstIndex,
        blockId: fixed(16),
        dataKey,
        runs: [],
        events: [{ classUid: 0, collectorId: fixed(16), body: Buffer.from(body) }],
        random: fixed,
      }).record,
    ).ciphertext ?? Buffer.alloc(0);
  const [a, b, c] = [seal('same length A', 0), seal('same length B', 0), seal('same length A', 1)];
  // Under one key and nonce the first bytes, which are equal in clear, would be equal here too.
  assert.notDeepEqual(a.subarray(0, 8), b.subarray(0, 8));
  assert.notDeepEqual(a.subarray(0, 8), c.subarray(0, 8));
});

test('the plaintext is nowhere in the record', () => {
  const record = block([Buffer.from('{"secret":"PLANTED"}')]);
  assert.equal(record.includes('PLANTED'), false);
});

test('arbitrary bytes are refused with a code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.throws(() => decodeBlock(Buffer.from(bytes)), LedgerError);
      assert.throws(() => decodeLeaf(bytes), LedgerError);
    }),
  );
});

test('a leaf reads back, and has one encoding', () => {
  const leaf = {
    kind: 'event',
    receivedAtMs: 1_763_000_000_000,
    classUid: 2004,
    collectorId: randomBytes(16),
    blockId: randomBytes(16),
    hash: randomBytes(32),
  } as const;
  const bytes = encodeLeaf(leaf);
  assert.equal(bytes.length, leafBytes);
  assert.deepEqual(encodeLeaf(decodeLeaf(bytes)), bytes);
  const blockLeaf = encodeLeaf({
    kind: 'block',
    receivedAtMs: 0,
    eventCount: 3,
    blockId: randomBytes(16),
    hash: randomBytes(32),
  });
  assert.deepEqual(encodeLeaf(decodeLeaf(blockLeaf)), blockLeaf);
});
