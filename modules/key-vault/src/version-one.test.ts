import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failingFiles, openAt, place, placeAt, writeVersionOne } from './vault-testing.ts';
import type { MemoryDisk, Place } from './vault-testing.ts';
import { systemVaultFiles } from './vault-files.ts';

const keys = [
  { id: '1'.repeat(32), purpose: 'log-signing', label: 'log/1', bytes: randomBytes(48) },
  { id: '2'.repeat(32), purpose: 'block-data', label: 'events/2026-11-21', bytes: randomBytes(32) },
  { id: '3'.repeat(32), purpose: 'stream-name', label: 'streams', bytes: randomBytes(32) },
  { id: '4'.repeat(32), purpose: 'secret', label: 'outbox', bytes: randomBytes(32) },
];
const versionOne = (at: Place): string[] => at.directories.map((directory) => join(directory, 'keys.vault'));

test('a vault of version 1 is taken over with every key under its id, and the old one goes at the next start', async (context) => {
  const at = place(context);
  writeVersionOne(at, systemVaultFiles, keys);
  const vault = await openAt(at);
  for (const { id, bytes } of keys) assert.deepEqual(vault.findKey(id)?.bytes, bytes);
  assert.deepEqual(vault.ensureKey('block-data', 'events/2026-11-21').id, '2'.repeat(32));
  assert.deepEqual(vault.openSecret('outbox'), keys[3]?.bytes);
  assert.ok(readdirSync(at.directories[0]).includes('keys.vault.before-epochs'));
  assert.ok(readdirSync(at.directories[0]).includes('master-key.sealed'));
  const made = vault.ensureKey('block-data', 'events/2026-11-22');
  const again = await openAt(at);
  assert.deepEqual(again.findKey(made.id), made);
  for (const directory of at.directories) {
    const names = readdirSync(directory).map((name) => name.replace(/^sallyport-.*\.sealed$/, 'master'));
    assert.deepEqual(names.toSorted(), ['epochs.vault', 'keys.vault', 'master']);
    // What an older program finds is no vault to it, and not nothing either.
    assert.match(readFileSync(join(directory, 'keys.vault'), 'utf8'), /^sallyport-key-vault@v2\n/);
  }
});

test('one damaged copy of version 1 is no loss, two are refused', async (context) => {
  const [one, two] = [place(context), place(context)];
  for (const at of [one, two]) writeVersionOne(at, systemVaultFiles, keys);
  writeFileSync(versionOne(one)[0] ?? '', 'garbage');
  assert.deepEqual((await openAt(one)).findKey('2'.repeat(32))?.bytes, keys[1]?.bytes);
  for (const file of versionOne(two)) writeFileSync(file, readFileSync(file, 'utf8').replace(/.{8}\n$/, 'AAAAAAA=\n'));
  await assert.rejects(openAt(two), { code: 'vault_damaged' });
  assert.equal(readdirSync(two.directories[0]).includes('epochs.vault'), false);
});

test('a vault of version 1 that came back beside the new one is refused', async (context) => {
  const at = place(context);
  writeVersionOne(at, systemVaultFiles, keys);
  await openAt(at);
  const signpost = readFileSync(versionOne(at)[0] ?? '');
  const other = place(context);
  writeVersionOne(other, systemVaultFiles, keys);
  for (const file of versionOne(at)) writeFileSync(file, readFileSync(versionOne(other)[0] ?? ''));
  await assert.rejects(openAt(at), { code: 'vault_two_versions' });
  for (const file of versionOne(at)) writeFileSync(file, signpost);
  await openAt(at);
});

test('version 1 is not taken over with a key file that does not fit', async (context) => {
  const at = place(context);
  writeVersionOne(at, systemVaultFiles, keys);
  const before = versionOne(at).map((file) => readFileSync(file));
  writeFileSync(at.keyFile, `${randomBytes(32).toString('base64')}\n`);
  await assert.rejects(openAt(at), { code: 'provider_refused' });
  assert.deepEqual(
    versionOne(at).map((file) => readFileSync(file)),
    before,
  );
});

test('a taking over that ended before the old vault was put aside is finished, and the old master key goes too', async (context) => {
  const at = place(context);
  writeVersionOne(at, systemVaultFiles, keys);
  const before = readFileSync(versionOne(at)[0] ?? '');
  await openAt(at);
  // As a crash right after the new vault was written leaves it.
  for (const file of versionOne(at)) {
    writeFileSync(file, before);
    unlinkSync(`${file}.before-epochs`);
  }
  const vault = await openAt(at);
  for (const { id, bytes } of keys) assert.deepEqual(vault.findKey(id)?.bytes, bytes);
  assert.match(readFileSync(versionOne(at)[0] ?? '', 'utf8'), /moved to epochs\.vault/);
  await openAt(at);
  for (const directory of at.directories) assert.equal(readdirSync(directory).includes('master-key.sealed'), false);
});

test('one copy of another vault of version 1 beside a signpost is not overwritten', async (context) => {
  const [at, other] = [place(context), place(context)];
  for (const one of [at, other]) writeVersionOne(one, systemVaultFiles, keys);
  await openAt(at);
  const [, second] = versionOne(at);
  const foreign = readFileSync(versionOne(other)[0] ?? '');
  writeFileSync(second ?? '', foreign);
  await assert.rejects(openAt(at), { code: 'vault_two_versions' });
  assert.deepEqual(readFileSync(second ?? ''), foreign);
});

test('nothing of version 1 stays for good, wherever the start that removes it ends', async () => {
  const at = placeAt('/disk');
  const start: MemoryDisk = new Map();
  writeVersionOne(at, failingFiles(start), keys);
  await openAt(at, { files: failingFiles(start) });
  for (let failAt = 1; ; failAt += 1) {
    const disk: MemoryDisk = new Map(start);
    const files = failingFiles(disk, failAt, 'KILLED');
    await openAt(at, { files }).catch(() => undefined);
    if (!files.isHit()) break;
    const vault = await openAt(at, { files: failingFiles(disk) });
    for (const { id, bytes } of keys) assert.deepEqual(vault.findKey(id)?.bytes, bytes);
    const left = [...disk.keys()].filter((path) => /master-key\.sealed$|before-epochs$/.test(path));
    assert.deepEqual(left, [], `ended at step ${failAt}`);
  }
});
