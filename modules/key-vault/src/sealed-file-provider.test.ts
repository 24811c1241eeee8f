import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { providerContract } from './providers/provider-contract-testing.ts';
import { createSealedFileProvider } from './sealed-file-provider.ts';
import type { SealedFileProvider } from './sealed-file-provider.ts';
import type { Unsealing } from './unsealing.ts';
import { systemVaultFiles } from './vault-files.ts';
import { openAt, place } from './vault-testing.ts';
import type { Place } from './vault-testing.ts';

const { signal } = new AbortController();
const context = { format: 'sallyport-epoch@v2', vault: '0'.repeat(32), epoch: 1 } as const;
const name = `sallyport-${'0'.repeat(32)}-1-${'0'.repeat(16)}`;

function providerAt(at: Place, unsealing: Unsealing = { kind: 'file', path: at.keyFile }): SealedFileProvider {
  return createSealedFileProvider({
    directories: at.directories,
    unsealing,
    random: randomBytes,
    files: systemVaultFiles,
  });
}

for (const { sentence, run } of providerContract(async (context_) => {
  const [at, elsewhere] = [place(context_), place(context_)];
  return { open: async () => providerAt(at), openWrong: async () => providerAt(elsewhere) };
})) {
  test(`sealed file: ${sentence}`, run);
}

test('a master key whose name was destroyed stays destroyed, though its file comes back', async (context_) => {
  const at = place(context_);
  const provider = providerAt(at);
  await provider.create(name, signal);
  const file = join(at.directories[0], `${name}.sealed`);
  const kept = readFileSync(file);
  const permit = { name, vaultGeneration: 1, exportHash: undefined, why: 'never-used' } as const;
  const receipt = await provider.destroy(name, permit, signal);
  assert.match(receipt.notPromised.join('\n'), /copy/);
  assert.equal(receipt.presence.kind, 'absent');
  writeFileSync(file, kept);
  await assert.rejects(providerAt(at).create(name, signal), { code: 'master_absent' });
});

test('a credential of the service manager opens what the key file sealed, and is never made', async (context_) => {
  const at = place(context_);
  const provider = providerAt(at);
  const key = await provider.create(name, signal);
  const wrapped = await provider.wrap(key, Buffer.alloc(32, 5), context, signal);
  const path = join(at.root, 'credentials', 'sallyport.unseal');
  await assert.rejects(providerAt(at, { kind: 'credential', path }).unwrap(key, wrapped, context, signal), {
    code: 'provider_refused',
  });
  mkdirSync(join(at.root, 'credentials'));
  writeFileSync(path, readFileSync(at.keyFile));
  const opened = await providerAt(at, { kind: 'credential', path }).unwrap(key, wrapped, context, signal);
  assert.deepEqual(opened, Buffer.alloc(32, 5));
  const fresh = place(context_);
  await assert.rejects(openAt(fresh, { unsealing: { kind: 'credential', path: join(fresh.root, 'none') } }), {
    code: 'provider_refused',
  });
  assert.deepEqual(readdirSync(fresh.root).toSorted(), ['a', 'b']);
});

test('two calls at once make one master key', async (context_) => {
  const at = place(context_);
  const [one, two] = [providerAt(at), providerAt(at)];
  const [first, second] = await Promise.all([one.create(name, signal), two.create(name, signal)]);
  const wrapped = await one.wrap(first, Buffer.alloc(32, 9), context, signal);
  assert.deepEqual(await two.unwrap(second, wrapped, context, signal), Buffer.alloc(32, 9));
});
