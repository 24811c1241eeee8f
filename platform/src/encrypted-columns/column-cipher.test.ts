import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createColumnCipher, type Cell, type ColumnCipher } from './column-cipher.ts';
import { blindIndex, encrypted, openColumnKeys } from './encrypted-columns.ts';
import type { ColumnKeys } from './encrypted-columns.ts';
import { countingRandom, noteKeys } from './notes.fixture.ts';

const cell: Cell = { table: 'notes', column: 'title', row: 'a' };
const cipherOf = (keys: ColumnKeys, random = countingRandom()): ColumnCipher =>
  createColumnCipher({ keys, random, declarationOf: () => encrypted({ index: blindIndex('key') }) });

test('every well-formed text comes back from its cell', async () => {
  const cipher = cipherOf(await noteKeys());
  const text = fc.string({ unit: 'binary', maxLength: 80 });
  fc.assert(
    fc.property(text, fc.string(), fc.string(), fc.string(), (plain, table, column, row) => {
      assert.equal(cipher.open({ table, column, row }, cipher.seal({ table, column, row }, plain)), plain);
    }),
    { numRuns: 100 },
  );
});

test('a value does not open in another table, column or row, nor for another tenant with the same secret', async () => {
  const secrets = new Map<string, Uint8Array>();
  const cipher = cipherOf(await noteKeys('tenant-a', secrets));
  const sealed = cipher.seal(cell, 'Gate');
  const other = cipherOf(await noteKeys('tenant-b', secrets));
  assert.throws(() => other.open(cell, sealed), { code: 'value_not_authentic', details: cell });
  for (const elsewhere of [
    { ...cell, table: 'drafts' },
    { ...cell, column: 'body' },
    { ...cell, row: 'b' },
    // The parts are not simply run together.
    { table: 'notest', column: 'itle', row: 'a' },
  ])
    assert.throws(() => cipher.open(elsewhere, sealed), { code: 'value_not_authentic' });
});

test('a value that was cut short, lengthened or changed anywhere does not open', async () => {
  const cipher = cipherOf(await noteKeys());
  const sealed = cipher.seal(cell, 'Gate');
  for (let length = 'sealed1.1.'.length; length < sealed.length; length += 1)
    assert.throws(() => cipher.open(cell, sealed.slice(0, length)), { code: 'value_not_authentic' });
  const bytes = Buffer.from(sealed.slice('sealed1.1.'.length), 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => cipher.open(cell, `sealed1.1.${changed.toString('base64url')}`), {
      code: 'value_not_authentic',
    });
  }
  assert.throws(() => cipher.open(cell, `${sealed}A`), { code: 'value_not_authentic' });
  assert.throws(() => cipher.open(cell, 'Gate'), { code: 'value_not_sealed' });
  assert.throws(() => cipher.open(cell, ''), { code: 'value_not_sealed' });
});

test('whatever text stands in a column, reading it gives a coded refusal', async () => {
  const cipher = cipherOf(await noteKeys());
  const codes = /^(?:value_not_sealed|value_not_authentic|key_version_unknown)$/;
  const text = fc.oneof(
    fc.string(),
    fc.string().map((rest) => `sealed1.1.${rest}`),
    fc.nat().map((n) => `sealed1.${n}.AAAA`),
  );
  fc.assert(
    fc.property(text, (stored) => {
      assert.throws(
        () => cipher.open(cell, stored),
        (error) => error instanceof Error && 'code' in error && codes.test(String(error.code)),
      );
    }),
    { numRuns: 300 },
  );
});

test('a random source that repeats itself repeats a key for the same text in the same cell only', async () => {
  const repeating = (length: number): Uint8Array => new Uint8Array(length).fill(7);
  const cipher = cipherOf(await noteKeys(), repeating);
  const saltOf = (sealed: string): string =>
    Buffer.from(sealed.slice('sealed1.1.'.length), 'base64url').subarray(0, 16).toString('hex');
  const salts = [
    cipher.seal(cell, 'Gate'),
    cipher.seal(cell, 'Gatf'),
    cipher.seal({ ...cell, row: 'b' }, 'Gate'),
    cipher.seal({ ...cell, column: 'body' }, 'Gate'),
    cipher.seal({ ...cell, table: 'drafts' }, 'Gate'),
  ].map(saltOf);
  assert.equal(new Set(salts).size, salts.length, 'the nonce is constant, so every salt is another key');
  assert.equal(cipher.seal(cell, 'Gate'), cipher.seal(cell, 'Gate'), 'nothing but that it is the same text');
});

test('with a random source that works, the same text is never sealed the same way twice', async () => {
  const cipher = cipherOf(await noteKeys());
  const sealed = Array.from({ length: 100 }, () => cipher.seal(cell, 'Gate'));
  assert.equal(new Set(sealed).size, 100);
});

test('lengths are told apart in steps only', async () => {
  const cipher = cipherOf(await noteKeys());
  const lengths = new Set(['', 'a', 'Gate', 'x'.repeat(31)].map((text) => cipher.seal(cell, text).length));
  assert.equal(lengths.size, 1);
  assert.notEqual(cipher.seal(cell, 'x'.repeat(32)).length, cipher.seal(cell, '').length);
});

test('older versions of the keys read, the newest writes, and a forgotten one is named', async () => {
  const secrets = new Map<string, Uint8Array>();
  const keys = await noteKeys('tenant-a', secrets);
  const cipher = cipherOf(keys);
  const first = cipher.seal(cell, 'Gate');
  assert.equal(await keys.rotate(), 2);
  const second = cipher.seal(cell, 'Gate');
  assert.match(second, /^sealed1\.2\./);
  assert.deepEqual([cipher.open(cell, first), cipher.open(cell, second)], ['Gate', 'Gate']);
  assert.notEqual(...pairOf(cipher.indexes('notes', 'title', 'Gate')), 'an index key of its own for each version');
  const again = cipherOf(await noteKeys('tenant-a', secrets));
  assert.equal(again.open(cell, first), 'Gate', 'both versions are kept');
  assert.throws(() => again.open(cell, first.replace('sealed1.1.', 'sealed1.2.')), { code: 'value_not_authentic' });
  await keys.forgetOlder();
  assert.throws(() => cipher.open(cell, first), { code: 'key_version_unknown' });
  assert.equal(cipher.open(cell, second), 'Gate');
});

test('keys that are not in their form, and keys that could not be kept, are not used', async () => {
  for (const kept of [Buffer.alloc(0), Buffer.alloc(35), Buffer.alloc(36), Buffer.alloc(72, 1)])
    await assert.rejects(noteKeys('tenant-a', new Map([['notes/columns', kept]])), { code: 'keys_invalid' });
  const secrets = new Map<string, Uint8Array>();
  let full = false;
  const store = {
    open: async (name: string) => secrets.get(name),
    async seal(name: string, bytes: Uint8Array) {
      if (full) throw new Error('no room');
      secrets.set(name, bytes);
    },
  };
  const keys = await openColumnKeys({ store, name: 'notes/columns', tenant: 'tenant-a', random: countingRandom() });
  full = true;
  await assert.rejects(keys.rotate(), /no room/);
  assert.equal(keys.newest(), 1);
});

function pairOf(values: readonly string[]): [string, string] {
  const [first = '', second = ''] = values;
  return [first, second];
}
