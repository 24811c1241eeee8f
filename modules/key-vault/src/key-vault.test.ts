import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { openKeyVault, openSealedFileProvider } from './index.ts';
import type { KeyVault, Unsealing } from './index.ts';

type Place = { root: string; directories: [string, string]; keyFile: string };

function place(context: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), 'vault-'));
  context.after(() => rmSync(root, { recursive: true }));
  return { root, directories: [join(root, 'a'), join(root, 'b')], keyFile: join(root, 'elsewhere', 'unseal.key') };
}

function open(at: Place, unsealing: Unsealing = { kind: 'file', path: at.keyFile }): KeyVault {
  const provider = openSealedFileProvider({ directories: at.directories, unsealing, random: randomBytes });
  return openKeyVault({ directories: at.directories, provider, clock: createManualClock(0), random: randomBytes });
}

test('a key is the same after reopening, and found by its id', (context) => {
  const at = place(context);
  const key = open(at).ensureKey('block-data', 'events/2026-11-21');
  const again = open(at);
  assert.deepEqual(again.ensureKey('block-data', 'events/2026-11-21'), key);
  assert.deepEqual(again.findKey(key.id), key);
  assert.notDeepEqual(again.ensureKey('block-data', 'events/2026-11-22').bytes, key.bytes);
  assert.equal(again.findKey('00'), undefined);
});

test('losing or damaging either copy loses no key, and heals the copy', (context) => {
  const at = place(context);
  const key = open(at).ensureKey('log-signing', 'log/1');
  unlinkSync(join(at.directories[0], 'keys.vault'));
  assert.deepEqual(open(at).findKey(key.id), key);
  writeFileSync(join(at.directories[1], 'keys.vault'), 'garbage');
  assert.deepEqual(open(at).findKey(key.id), key);
  unlinkSync(join(at.directories[0], 'master-key.sealed'));
  assert.deepEqual(open(at).findKey(key.id), key);
  assert.equal(statSync(join(at.directories[0], 'master-key.sealed')).mode & 0o077, 0);
});

test('a copy of the sealed master key that looks whole but does not open is healed from the other', (context) => {
  const at = place(context);
  const key = open(at).ensureKey('log-signing', 'log/1');
  for (const damaged of at.directories) {
    const file = join(damaged, 'master-key.sealed');
    const whole = readFileSync(file, 'utf8');
    for (const line of [1, 2, 3]) {
      const lines = whole.split('\n');
      lines[line] = line === 1 ? 'passphrase' : `AAAA${lines[line]?.slice(4) ?? ''}`;
      writeFileSync(file, lines.join('\n'));
      assert.deepEqual(open(at).findKey(key.id), key);
      assert.equal(readFileSync(file, 'utf8'), whole);
    }
  }
});

test('a crash between writing the two copies keeps the newer one', (context) => {
  const at = place(context);
  open(at).ensureKey('block-data', 'day/1');
  const older = readFileSync(join(at.directories[1], 'keys.vault'));
  const key = open(at).ensureKey('block-data', 'day/2');
  writeFileSync(join(at.directories[1], 'keys.vault'), older);
  assert.deepEqual(open(at).findKey(key.id), key);
});

test('both copies damaged is refused, never started afresh', (context) => {
  const at = place(context);
  open(at).ensureKey('block-data', 'day/1');
  for (const directory of at.directories) {
    const file = join(directory, 'keys.vault');
    const bytes = readFileSync(file);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  assert.throws(() => open(at), { code: 'vault_damaged' });
});

test('a passphrase opens the vault and a wrong one does not', (context) => {
  const at = place(context);
  const key = open(at, { kind: 'passphrase', passphrase: 'correct horse' }).ensureKey('stream-name', 'streams');
  assert.deepEqual(open(at, { kind: 'passphrase', passphrase: 'correct horse' }).findKey(key.id), key);
  assert.throws(() => open(at, { kind: 'passphrase', passphrase: 'wrong horse' }), { code: 'unseal_failed' });
  assert.throws(() => open(at), { code: 'unseal_failed' });
});

test('without the key file the data directory opens nothing, and no new key file is made over it', (context) => {
  const at = place(context);
  open(at).ensureKey('block-data', 'day/1');
  rmSync(at.keyFile);
  assert.throws(() => open(at), { code: 'unseal_failed' });
  assert.throws(() => open(at), { code: 'unseal_failed' });
});

test('no key or secret stands in any file in clear', (context) => {
  const at = place(context);
  const vault = open(at);
  const key = vault.ensureKey('block-data', 'day/1');
  vault.sealSecret('tls', Buffer.from('PLANTED-SECRET-TEXT'));
  assert.equal(vault.openSecret('tls')?.toString(), 'PLANTED-SECRET-TEXT');
  const files = readdirSync(at.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.length >= 5);
  for (const file of files) {
    const bytes = readFileSync(join(file.parentPath, file.name));
    for (const secret of [
      key.bytes,
      Buffer.from(key.bytes.toString('base64')),
      Buffer.from(key.bytes.toString('hex')),
      Buffer.from('PLANTED'),
    ]) {
      assert.equal(bytes.includes(secret), false, file.name);
    }
  }
});

test('a record moved to another label does not open', (context) => {
  const at = place(context);
  const provider = openSealedFileProvider({
    directories: at.directories,
    unsealing: { kind: 'file', path: at.keyFile },
    random: randomBytes,
  });
  const wrapped = provider.wrap(Buffer.alloc(32), 'one');
  assert.throws(() => provider.unwrap(wrapped, 'two'), { code: 'unseal_failed' });
  assert.throws(() => provider.unwrap(Buffer.alloc(3), 'one'), { code: 'unseal_failed' });
});

test('an odd label is refused with a code', (context) => {
  assert.throws(() => open(place(context)).ensureKey('secret', '../x y'), { code: 'label_invalid' });
});
