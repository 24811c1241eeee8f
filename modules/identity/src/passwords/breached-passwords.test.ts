import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openDatabase } from '@sallyport/platform/database';
import fc from 'fast-check';
import { createBreachedPasswords, createPasswordStrength, type BreachedPasswords } from '../index.ts';
import { goodPassword, operator } from '../people/people.fixture.ts';
import { createBreachedLines } from './breached-lines.ts';
import { checkPassword } from './password-rules.ts';

const invalid = { code: 'breached_list_invalid' };

function sha1(password: string): string {
  return createHash('sha1').update(password).digest('hex').toUpperCase();
}

function listOf(passwords: readonly string[]): Buffer {
  const lines = passwords.map((password, count) => `${sha1(password)}:${count + 1}`).toSorted();
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

async function open(t: TestContext): Promise<{ readonly breached: BreachedPasswords; readonly directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'breached-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  const breached = createBreachedPasswords({
    directory: join(directory, 'passwords'),
    database,
    outbox: { record: async () => undefined, flushed: async () => undefined },
    clock: { nowMs: () => 1_800_000_000_000, monotonicMs: () => 0 },
  });
  t.after(async () => {
    await breached.close();
    await close();
    rmSync(directory, { recursive: true });
  });
  return { breached, directory: join(directory, 'passwords') };
}

async function take(breached: BreachedPasswords, list: Uint8Array, partBytes = 1000): Promise<unknown> {
  const { id } = await breached.begin();
  for (let at = 0; at < list.length; at += partBytes)
    await breached.add({ id, at, bytes: list.subarray(at, at + partBytes) });
  return breached.complete({ id, by: operator });
}

test('a password on the list is refused by name, however it is composed; others are not', async (t) => {
  const { breached } = await open(t);
  assert.equal(await breached.status(), 'none');
  assert.equal(await breached.has('anything at all'), false);
  const stolen = [
    'correct horse battery staple',
    'Zürich im Sommer',
    ...Array.from({ length: 500 }, (_, n) => `word ${n}`),
  ];
  assert.deepEqual(await take(breached, listOf(stolen), 777), {
    entries: 502,
    bytes: 96 + 65_536 * 16 + 502 * 4,
    importedAtMs: 1_800_000_000_000,
  });
  for (const password of [...stolen, 'Zürich im Sommer'.normalize('NFD')])
    assert.equal(await breached.has(password), true, password);
  for (let n = 0; n < 200; n += 1) assert.equal(await breached.has(randomBytes(12).toString('hex')), false);
  const strength = createPasswordStrength(breached);
  await assert.rejects(checkPassword('correct horse battery staple', [], strength), { code: 'password_breached' });
  await checkPassword(goodPassword, [], strength);
});

test('a list that is not ordered, cut off or something else is refused with its line, and the one in use stays', async (t) => {
  const { breached, directory } = await open(t);
  await take(breached, listOf(['first list']));
  const good = sha1('a');
  for (const [text, line] of [
    [`${good}:1\n${good.slice(0, 39)}:1\n`, 2],
    [`${'F'.repeat(40)}:1\n${'0'.repeat(40)}:1\n`, 2],
    [`${good}:x\n`, 1],
    [`${good} 12\n`, 1],
    [`${good}:1\rx`, 1],
    [`${good}:${'9'.repeat(80)}\n`, 1],
    ['not a list', 1],
    ['', 1],
  ] as const)
    await assert.rejects(take(breached, Buffer.from(text)), { ...invalid, details: { line } }, text);
  assert.equal(await breached.has('first list'), true);
  assert.deepEqual(readdirSync(directory), ['breached.bin']);
});

test('parts that overlap, leave a gap or belong to another import are refused', async (t) => {
  const { breached } = await open(t);
  const list = listOf(['a', 'b', 'c']);
  const { id } = await breached.begin();
  await breached.add({ id, at: 0, bytes: list.subarray(0, 50) });
  const outOfStep = { code: 'breached_import_out_of_step' };
  await assert.rejects(breached.add({ id, at: 0, bytes: list.subarray(0, 50) }), outOfStep);
  await assert.rejects(breached.add({ id, at: 60, bytes: list.subarray(60) }), outOfStep);
  const { id: newer } = await breached.begin();
  await assert.rejects(breached.add({ id, at: 50, bytes: list.subarray(50) }), { code: 'breached_import_unknown' });
  await breached.add({ id: newer, at: 0, bytes: list });
  await breached.complete({ id: newer, by: operator });
  assert.equal(await breached.has('b'), true);
});

test('a file that was changed refuses every password until it is imported again or removed', async (t) => {
  const { breached, directory } = await open(t);
  const path = join(directory, 'breached.bin');
  await take(breached, listOf(['stolen']));
  const damaged = { code: 'breached_list_damaged' };
  const written = readFileSync(path);
  for (const at of [40, 60, 200_000, written.length - 1]) {
    const changed = Buffer.from(written);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    await breached.close();
    await assert.rejects(breached.has('stolen'), damaged, String(at));
    await breached.close();
  }
  writeFileSync(path, written.subarray(0, -1));
  await assert.rejects(breached.has('whatever else'), damaged);
  assert.equal(await breached.status(), 'damaged');
  await breached.remove(operator);
  assert.equal(await breached.has('stolen'), false);
});

test('lines come out the same wherever the bytes are cut, and nothing but a coded error comes of garbage', () => {
  const read = (parts: readonly Uint8Array[]): readonly string[] => {
    const found: string[] = [];
    const lines = createBreachedLines((bucket, rest) => found.push(`${bucket}.${rest}`));
    for (const part of parts) lines.push(part);
    lines.end();
    return found;
  };
  const list = listOf(Array.from({ length: 30 }, (_, n) => `password ${n}`));
  const whole = read([list]);
  assert.equal(whole.length, 30);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: list.length }), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), list.length];
      assert.deepEqual(read(at.slice(1).map((to, index) => list.subarray(at[index] ?? 0, to))), whole);
    }),
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: fc.constantFrom('A', '0', ':', '\n', '\r', 'f') })),
      (garbage) => {
        try {
          read([Buffer.from(garbage)]);
        } catch (error) {
          assert.ok(error instanceof Error && 'code' in error && error.code === invalid.code);
        }
      },
    ),
  );
});
