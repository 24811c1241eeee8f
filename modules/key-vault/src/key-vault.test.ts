import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyVaultError } from './errors.ts';
import type { KeyProvider } from './key-provider.ts';
import { openKeyVault } from './key-vault.ts';
import { parseVaultFile } from './vault-format.ts';
import { openAt as open, place, vaultNeeds } from './vault-testing.ts';
import type { Place } from './vault-testing.ts';
import { createWrapper } from './wrapper.ts';

test('a key is the same after reopening, and found by its id', async (context) => {
  const at = place(context);
  const key = (await open(at)).ensureKey('block-data', 'events/2026-11-21');
  const again = await open(at);
  assert.deepEqual(again.ensureKey('block-data', 'events/2026-11-21'), key);
  assert.deepEqual(again.findKey(key.id), key);
  assert.notDeepEqual(again.ensureKey('block-data', 'events/2026-11-22').bytes, key.bytes);
  assert.equal(again.findKey('00'), undefined);
});

test('losing or damaging either copy loses no key, and heals the copy', async (context) => {
  const at = place(context);
  const key = (await open(at)).ensureKey('log-signing', 'log/1');
  unlinkSync(join(at.directories[0], 'epochs.vault'));
  assert.deepEqual((await open(at)).findKey(key.id), key);
  writeFileSync(join(at.directories[1], 'epochs.vault'), 'garbage');
  assert.deepEqual((await open(at)).findKey(key.id), key);
  unlinkSync(sealedMaster(at, 0));
  assert.deepEqual((await open(at)).findKey(key.id), key);
  assert.equal(statSync(sealedMaster(at, 0)).mode & 0o077, 0);
});

test('a copy of the sealed master key that looks whole but does not open is healed from the other', async (context) => {
  const at = place(context);
  const key = (await open(at)).ensureKey('log-signing', 'log/1');
  for (const order of [0, 1] as const) {
    const file = sealedMaster(at, order);
    const whole = readFileSync(file, 'utf8');
    for (const line of [1, 2, 3]) {
      const lines = whole.split('\n');
      lines[line] = line === 1 ? 'passphrase' : `AAAA${lines[line]?.slice(4) ?? ''}`;
      writeFileSync(file, lines.join('\n'));
      assert.deepEqual((await open(at)).findKey(key.id), key);
      assert.equal(readFileSync(file, 'utf8'), whole);
    }
  }
});

test('a crash between writing the two copies keeps the newer one', async (context) => {
  const at = place(context);
  (await open(at)).ensureKey('block-data', 'day/1');
  const older = readFileSync(join(at.directories[1], 'epochs.vault'));
  const key = (await open(at)).ensureKey('block-data', 'day/2');
  writeFileSync(join(at.directories[1], 'epochs.vault'), older);
  assert.deepEqual((await open(at)).findKey(key.id), key);
});

test('both copies damaged is refused, never started afresh', async (context) => {
  const at = place(context);
  (await open(at)).ensureKey('block-data', 'day/1');
  for (const directory of at.directories) {
    const file = join(directory, 'epochs.vault');
    const bytes = readFileSync(file);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  await assert.rejects(open(at), { code: 'vault_damaged' });
});

test('a passphrase opens the vault and a wrong one does not', async (context) => {
  const at = place(context);
  const key = (await open(at, { unsealing: { kind: 'passphrase', passphrase: 'correct horse' } })).ensureKey(
    'stream-name',
    'streams',
  );
  assert.deepEqual(
    (await open(at, { unsealing: { kind: 'passphrase', passphrase: 'correct horse' } })).findKey(key.id),
    key,
  );
  await assert.rejects(open(at, { unsealing: { kind: 'passphrase', passphrase: 'wrong horse' } }), {
    code: 'provider_refused',
  });
  await assert.rejects(open(at), { code: 'provider_refused' });
});

test('without the key file the data directory opens nothing, and no new key file is made over it', async (context) => {
  const at = place(context);
  (await open(at)).ensureKey('block-data', 'day/1');
  rmSync(at.keyFile);
  await assert.rejects(open(at), { code: 'provider_refused' });
  await assert.rejects(open(at), { code: 'provider_refused' });
});

test('no key or secret stands in any file in clear', async (context) => {
  const at = place(context);
  const vault = await open(at);
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

test('an odd label is refused with a code', async (context) => {
  const vault = await open(place(context));
  assert.throws(() => vault.ensureKey('secret', '../x y'), { code: 'label_invalid' });
});

test('a secret stored anew replaces the former one, also after reopening', async (context) => {
  const at = place(context);
  const vault = await open(at);
  vault.sealSecret('tls', Buffer.from('one'));
  vault.sealSecret('tls', Buffer.from('two'));
  assert.equal(vault.openSecret('tls')?.toString(), 'two');
  assert.equal((await open(at)).openSecret('tls')?.toString(), 'two');
  assert.equal(vault.listKeys().filter((key) => key.label === 'tls').length, 1);
});

test('a provider that is away stops the start, and no older copy takes the newer one’s place', async (context) => {
  const at = place(context);
  (await open(at)).ensureKey('block-data', 'day/1');
  const older = readFileSync(join(at.directories[1], 'epochs.vault'));
  const key = (await open(at)).ensureKey('block-data', 'day/2');
  writeFileSync(join(at.directories[1], 'epochs.vault'), older);
  const newer = readFileSync(join(at.directories[0], 'epochs.vault'));
  const needs = vaultNeeds(at);
  const sealed = needs.providers.get('sealed-file');
  assert.ok(sealed);
  const away: KeyProvider = {
    ...sealed,
    unwrap: async () => Promise.reject(new KeyVaultError('provider_unavailable', 'away')),
  };
  await assert.rejects(openKeyVault({ ...needs, providers: new Map([['sealed-file', away]]) }), {
    code: 'provider_unavailable',
  });
  assert.deepEqual(readFileSync(join(at.directories[0], 'epochs.vault')), newer);
  assert.deepEqual(readFileSync(join(at.directories[1], 'epochs.vault')), older);
  await assert.rejects(openKeyVault({ ...needs, providers: new Map() }), { code: 'provider_unknown' });
  assert.deepEqual((await open(at)).findKey(key.id), key);
});

test('a copy that claims to be newer and does not open is kept aside', async (context) => {
  const at = place(context);
  const key = (await open(at)).ensureKey('block-data', 'day/1');
  const file = join(at.directories[1], 'epochs.vault');
  const forged = readFileSync(file, 'utf8').replace(/"generation":\d+/, '"generation":9000');
  writeFileSync(file, forged);
  assert.deepEqual((await open(at)).findKey(key.id), key);
  assert.equal(readFileSync(`${file}.damaged`, 'utf8'), forged);
  assert.deepEqual(readFileSync(file), readFileSync(join(at.directories[0], 'epochs.vault')));
});

test('nothing of the header in clear can be changed unnoticed', async (context) => {
  const at = place(context);
  (await open(at)).ensureKey('block-data', 'day/1');
  for (const change of [
    (text: string) => text.replace('"stage":"active"', '"stage":"retired"'),
    (text: string) => text.replace('"epochs":[', '"epochs":[{"epoch":7,"stage":"retired","wraps":[]},'),
    (text: string) => text.replace(/"generation":(\d)/, '"generation":1$1'),
    (text: string) => text.replace(/"reference":"[^"]*"/, '"reference":"elsewhere"'),
  ]) {
    const files = at.directories.map((directory) => join(directory, 'epochs.vault'));
    const whole = readFileSync(files[0] ?? '', 'utf8');
    for (const file of files) writeFileSync(file, change(whole));
    assert.notEqual(change(whole), whole);
    await assert.rejects(open(at), { code: 'vault_damaged' });
    for (const file of files) writeFileSync(file, whole);
  }
  await open(at);
});

test('two copies of one generation that contradict each other are refused', async (context) => {
  const at = place(context);
  await open(at);
  const file = join(at.directories[0], 'epochs.vault');
  const before = readFileSync(file);
  (await open(at)).ensureKey('block-data', 'day/1');
  const one = readFileSync(file);
  for (const directory of at.directories) writeFileSync(join(directory, 'epochs.vault'), before);
  (await open(at)).ensureKey('block-data', 'day/1');
  writeFileSync(file, one);
  await assert.rejects(open(at), { code: 'vault_damaged', message: /contradict/ });
});

test('a vault older than what is known of it elsewhere is refused, unless everything was restored', async (context) => {
  const at = place(context);
  const first = await open(at);
  const older = readFileSync(join(at.directories[0], 'epochs.vault'));
  first.ensureKey('block-data', 'day/1');
  const known = first.known();
  const openKnowing = async (isRestored: boolean): Promise<unknown> =>
    openKeyVault(vaultNeeds(at), { known, isRestored });
  await openKnowing(false);
  for (const directory of at.directories) writeFileSync(join(directory, 'epochs.vault'), older);
  await assert.rejects(openKnowing(false), { code: 'vault_rolled_back' });
  await openKnowing(true);
  for (const directory of at.directories) rmSync(directory, { recursive: true });
  await assert.rejects(openKnowing(false), { code: 'vault_damaged' });
});

test('a random source that repeats itself gives no id, key or (key, nonce) twice', async (context) => {
  const at = place(context);
  const vault = await open(at, { random: (bytes) => Buffer.alloc(bytes, 7) });
  const keys = Array.from({ length: 20 }, (_, day) => vault.ensureKey('block-data', `day/${day}`));
  assert.equal(new Set(keys.map((key) => key.id)).size, 20);
  assert.equal(new Set(keys.map((key) => key.bytes.toString('hex'))).size, 20);
  await vault.rotate({ level: 'epoch', providers: ['sealed-file'] }, { by: 'test', reason: 'test' });
  assert.deepEqual(vault.findKey(keys[3]?.id ?? ''), keys[3]);
  const again = await open(at, { random: (bytes) => Buffer.alloc(bytes, 7) });
  assert.equal(keys.map((key) => key.id).includes(again.ensureKey('block-data', 'day/20').id), false);

  const wrapper = createWrapper(Buffer.alloc(32, 1), (bytes) => Buffer.alloc(bytes, 7));
  const [one, two] = [Buffer.alloc(64, 'a'), Buffer.alloc(64, 'b')];
  const [first, second] = [wrapper.wrap(one, 'context'), wrapper.wrap(two, 'context')];
  // Under one key stream the ciphertexts would differ exactly where and how the plaintexts do.
  const differences = new Set(first.subarray(48, 112).map((byte, at_) => byte ^ (second[48 + at_] ?? 0)));
  assert.ok(differences.size > 1, 'the key stream differs');
  assert.notDeepEqual(wrapper.wrap(one, 'other').subarray(16), first.subarray(16));
  assert.deepEqual(wrapper.wrap(one, 'context'), first, 'the same again says no more than that it is the same');
});

test('what was wrapped opens only with every byte, its context and its key', () => {
  const wrapper = createWrapper(Buffer.alloc(32, 1), randomBytes);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), fc.nat(), (plain, name, where) => {
      const wrapped = wrapper.wrap(plain, name);
      assert.deepEqual(new Uint8Array(wrapper.unwrap(wrapped, name)), plain);
      const changed = Buffer.from(wrapped);
      changed[where % wrapped.length] = (changed[where % wrapped.length] ?? 0) ^ 1;
      assert.throws(() => wrapper.unwrap(changed, name), { code: 'unseal_failed' });
      assert.throws(() => wrapper.unwrap(wrapped, `${name}.`), { code: 'unseal_failed' });
      assert.throws(() => wrapper.unwrap(wrapped.subarray(0, where % wrapped.length), name), { code: 'unseal_failed' });
      assert.throws(() => createWrapper(Buffer.alloc(32, 2), randomBytes).unwrap(wrapped, name), {
        code: 'unseal_failed',
      });
    }),
    { numRuns: 60 },
  );
});

test('no bytes are taken for a vault, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => `sallyport-key-vault@v2\n${json}\nAAAA\n`),
      ),
      (text) => {
        const file = parseVaultFile(Buffer.from(text));
        assert.ok(file === undefined || file.header.generation >= 0);
      },
    ),
  );
});

function sealedMaster(at: Place, order: 0 | 1): string {
  const name = readdirSync(at.directories[0]).find((file) => file.endsWith('.sealed')) ?? '';
  return join(at.directories[order], name);
}

test('where data needs a vault that is gone, none is made in its place, and the one put back opens', async (context) => {
  const at = place(context);
  const needs = { ...vaultNeeds(at), isNeeded: true };
  await assert.rejects(openKeyVault(needs), { code: 'vault_damaged' });
  for (const directory of at.directories) assert.deepEqual(readdirSync(directory), []);
  assert.throws(() => statSync(at.keyFile), { code: 'ENOENT' });
  const { id } = (await open(at)).ensureKey('block-data', 'day/1');
  assert.equal((await openKeyVault(needs)).findKey(id)?.id, id);
});

test('a provider that is away keeps nobody from seeing the keys', async (context) => {
  const at = place(context);
  const needs = vaultNeeds(at);
  const sealed = needs.providers.get('sealed-file');
  assert.ok(sealed);
  const away: KeyProvider = {
    ...sealed,
    facts: async () => Promise.reject(new KeyVaultError('provider_unavailable', 'no route to it')),
  };
  const vault = await open(at, { others: [['tpm', away]] });
  assert.deepEqual(
    (await vault.providers()).map((provider) => ('unreachable' in provider ? provider : provider.kind)),
    ['sealed-file', { kind: 'tpm', unreachable: 'no route to it', isUsed: false }],
  );
});
