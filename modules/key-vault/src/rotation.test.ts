import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeyVaultError } from './errors.ts';
import type { DestructionPermit, KeyProvider } from './key-provider.ts';
import { openKeyVault } from './key-vault.ts';
import type { KeyVault } from './key-vault.ts';
import { createSealedFileProvider } from './sealed-file-provider.ts';
import { systemVaultFiles } from './vault-files.ts';
import { openAt, place, vaultNeeds } from './vault-testing.ts';
import type { Place } from './vault-testing.ts';

const who = { by: 'user/ada', reason: 'yearly' };
const files = (at: Place): string[] => at.directories.map((directory) => join(directory, 'epochs.vault'));

function fill(vault: KeyVault, count: number): Map<string, Buffer> {
  const keys = Array.from({ length: count }, (_, day) => vault.ensureKey('block-data', `events/day-${day}`));
  return new Map(keys.map(({ id, bytes }) => [id, bytes]));
}

function requireAll(vault: KeyVault, keys: ReadonlyMap<string, Buffer>): void {
  for (const [id, bytes] of keys) assert.deepEqual(vault.findKey(id)?.bytes, bytes);
}

/** Master keys in another folder: a provider of another kind, as far as the vault can tell. */
function otherProvider(at: Place, kind: 'tpm' | 'pkcs11' = 'tpm'): KeyProvider {
  const provider = createSealedFileProvider({
    directories: [join(at.root, kind), join(at.root, `${kind}-copy`)],
    unsealing: { kind: 'file', path: at.keyFile },
    random: randomBytes,
    files: systemVaultFiles,
  });
  return { ...provider, facts: async (signal) => ({ ...(await provider.facts(signal)), kind, identity: `${kind} 1` }) };
}

test('rotating a purpose key re-wraps what hangs under it while keys are made and found', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const keys = fill(vault, 30);
  vault.sealSecret('tls', Buffer.from('secret'));
  const before = vault.listKeys();
  const running = vault.rotate({ level: 'purpose', purpose: 'block-data' }, who);
  assert.equal(vault.rotation()?.state, 'running');
  await assert.rejects(vault.rotate({ level: 'purpose', purpose: 'secret' }, who), { code: 'rotation_running' });
  const meanwhile = vault.ensureKey('block-data', 'events/meanwhile');
  keys.set(meanwhile.id, meanwhile.bytes);
  requireAll(vault, keys);
  await running;
  const { state, done, total } = vault.rotation() ?? {};
  assert.deepEqual({ state, done, total }, { state: 'done', done: 30, total: 30 });
  const again = await openAt(at);
  requireAll(again, keys);
  const purposes = again.listKeys().filter((key) => key.level === 'purpose' && key.purpose === 'block-data');
  assert.deepEqual(
    purposes.map((key) => [key.version, key.state, key.wraps]),
    [
      [1, 'retired', 0],
      [2, 'active', 31],
    ],
  );
  assert.equal(purposes[0]?.history.at(-1)?.by, 'user/ada');
  const unchanged = (list: typeof before): unknown => list.filter((key) => key.purpose === 'secret');
  assert.deepEqual(unchanged(again.listKeys()), unchanged(before), 'another purpose was not touched');
});

test('rotating a data key seals what is new with another, and what is old still opens', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const first = vault.ensureKey('block-data', 'events/day-1');
  await vault.rotate({ level: 'data', purpose: 'block-data', label: 'events/day-1' }, who);
  const second = vault.ensureKey('block-data', 'events/day-1');
  assert.notEqual(first.id, second.id);
  const again = await openAt(at);
  assert.deepEqual(again.ensureKey('block-data', 'events/day-1'), second);
  assert.deepEqual(again.findKey(first.id), first);
  await assert.rejects(vault.rotate({ level: 'data', purpose: 'block-data', label: 'none' }, who), {
    code: 'vault_key_unknown',
  });
});

test('a new epoch has new master and purpose keys, and an old copy opens with the old master key only', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const keys = fill(vault, 10);
  const old = files(at).map((file) => readFileSync(file));
  const master = readdirSync(at.directories[0]).find((file) => file.endsWith('.sealed')) ?? '';
  await vault.rotate({ level: 'epoch', providers: ['sealed-file'] }, who);
  const later = vault.ensureKey('block-data', 'events/later');
  keys.set(later.id, later.bytes);
  requireAll(await openAt(at), keys);
  const list = vault.listKeys();
  assert.deepEqual(
    list.filter((key) => key.level === 'epoch').map((key) => [key.id, key.state]),
    [
      ['epoch-1', 'retired'],
      ['epoch-2', 'active'],
    ],
  );
  assert.ok(list.filter((key) => key.level === 'data').every((key) => key.epoch === 2));

  // The former vault, put back, opens as long as its master key is there; nothing was destroyed.
  const now = files(at).map((file) => readFileSync(file));
  for (const [order, file] of files(at).entries()) writeFileSync(file, old[order] ?? '');
  keys.delete(later.id);
  requireAll(await openAt(at), keys);
  for (const directory of at.directories) writeFileSync(join(directory, master), 'gone');
  await assert.rejects(openAt(at), { code: 'provider_refused' });
  for (const [order, file] of files(at).entries()) writeFileSync(file, now[order] ?? '');
  requireAll(await openAt(at), keys);
});

test('the vault moves to another provider and opens without the first', async (context) => {
  const at = place(context);
  const others = [['tpm', otherProvider(at)]] as const;
  const vault = await openAt(at, { others });
  const keys = fill(vault, 5);
  await vault.rotate({ level: 'epoch', providers: ['tpm'] }, who);
  const needs = vaultNeeds(at, { others });
  const alone = await openKeyVault({ ...needs, providers: new Map(others) });
  requireAll(alone, keys);
  assert.deepEqual(alone.activeProviders(), ['tpm']);
  await assert.rejects(openAt(at), { code: 'provider_unknown' });
});

test('an epoch wrapped by two providers opens with either, and says so when neither answers', async (context) => {
  const at = place(context);
  const tpm = otherProvider(at);
  const away: KeyProvider = {
    ...tpm,
    unwrap: async () => Promise.reject(new KeyVaultError('provider_unavailable', 'away')),
  };
  const firstProviders = ['tpm', 'sealed-file'] as const;
  const vault = await openAt(at, { others: [['tpm', tpm]], firstProviders });
  const keys = fill(vault, 3);
  requireAll(await openAt(at, { others: [['tpm', away]] }), keys);
  const needs = vaultNeeds(at);
  requireAll(await openKeyVault({ ...needs, providers: new Map([['tpm', tpm]]) }), keys);
  await assert.rejects(openKeyVault({ ...needs, providers: new Map([['tpm', away]]) }), {
    code: 'provider_unavailable',
  });
});

test('a provider that is another place than it was is refused, and a rotation to it leaves the vault as it was', async (context) => {
  const at = place(context);
  const tpm = otherProvider(at);
  const vault = await openAt(at, { others: [['tpm', tpm]], firstProviders: ['tpm'] });
  const keys = fill(vault, 3);
  const swapped: KeyProvider = {
    ...tpm,
    facts: async (signal) => ({ ...(await tpm.facts(signal)), identity: 'tpm 2' }),
  };
  await assert.rejects(openAt(at, { others: [['tpm', swapped]] }), { code: 'provider_changed' });
  const failing: KeyProvider = { ...otherProvider(at, 'pkcs11'), wrap: async () => Buffer.alloc(60) };
  const beside = await openAt(at, {
    others: [
      ['tpm', tpm],
      ['pkcs11', failing],
    ],
  });
  await assert.rejects(beside.rotate({ level: 'epoch', providers: ['pkcs11'] }, who), { code: 'unseal_failed' });
  assert.equal(beside.rotation()?.state, 'failed');
  requireAll(await openAt(at, { others: [['tpm', tpm]] }), keys);
  // What was made on the way is destroyed by the next rotation: it never wrapped anything.
  await beside.rotate({ level: 'epoch', providers: ['sealed-file'] }, who);
  const stages = beside.listKeys().flatMap((key) => (key.level === 'epoch' ? [key.stage] : []));
  assert.deepEqual(stages, ['retired', 'destroyed', 'active']);
  requireAll(beside, keys);
});

test('destroying a key takes its master key with it, after the survivors are elsewhere', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const keys = fill(vault, 6);
  const old = files(at).map((file) => readFileSync(file));
  const [gone = ''] = keys.keys();
  await vault.rotate({ level: 'epoch', providers: ['sealed-file'], without: new Set([gone]) }, who);
  assert.equal(vault.findKey(gone), undefined);
  assert.equal(vault.isDestroyed(gone), true);
  assert.equal(vault.isDestroyed('0'.repeat(32)), false, 'missing is not destroyed');
  keys.delete(gone);
  requireAll(vault, keys);

  const order = { ...who, record: '1/7', fence: 'note' };
  await assert.rejects(vault.destroyCondemned({ ...order, exportHash: 'of another file' }), {
    code: 'destruction_refused',
  });
  const [destroyed] = await vault.destroyCondemned({ ...order, exportHash: await vault.check() });
  assert.equal(destroyed?.stage, 'destroyed');
  assert.ok((destroyed?.receipts[0]?.notPromised.length ?? 0) > 0);
  requireAll(await openAt(at), keys);
  assert.equal((await openAt(at)).isDestroyed(gone), true);
  // An older copy of the vault is worth nothing without the master key it was written under.
  for (const [order_, file] of files(at).entries()) writeFileSync(file, old[order_] ?? '');
  await assert.rejects(openAt(at), { code: 'vault_damaged' });
});

test('keys nothing could go on without are not destroyed', async (context) => {
  const vault = await openAt(place(context));
  const [old, newest] = [
    vault.ensureKey('block-data', 'events/2026-01-01'),
    vault.ensureKey('block-data', 'events/2026-01-02'),
  ];
  const signing = vault.ensureKey('log-signing', 'log/1');
  for (const { id } of [newest, signing, { id: '0'.repeat(32) }]) {
    await assert.rejects(
      vault.rotate({ level: 'epoch', providers: ['sealed-file'], without: new Set([id]) }, who),
      (error) => error instanceof KeyVaultError && ['destruction_refused', 'vault_key_unknown'].includes(error.code),
    );
  }
  await vault.rotate({ level: 'epoch', providers: ['sealed-file'], without: new Set([old.id]) }, who);
  assert.notEqual(vault.ensureKey('block-data', 'events/2026-01-01').id, old.id, 'never made again under the same id');
});

test('a copy of the machine opens the vault, and neither rotates nor destroys until it is named the successor', async (context) => {
  const at = place(context);
  const keys = fill(await openAt(at, { machine: 'one' }), 3);
  const copy = await openAt(at, { machine: 'two' });
  requireAll(copy, keys);
  const rotation = { level: 'epoch', providers: ['sealed-file'] } as const;
  await assert.rejects(copy.rotate(rotation, who), { code: 'machine_changed' });
  const order = { ...who, exportHash: await copy.check(), record: 'none', fence: 'none' };
  await assert.rejects(copy.destroyCondemned(order), { code: 'machine_changed' });
  await (await openAt(at, { machine: 'one' })).rotate(rotation, who);
  const successor = await openKeyVault(vaultNeeds(at, { machine: 'two' }), { known: copy.known(), isRestored: true });
  await successor.rotate(rotation, who);
  requireAll(successor, keys);
  await assert.rejects((await openAt(at, { machine: 'one' })).rotate(rotation, who), { code: 'machine_changed' });
});

test('a permit names the generation that lives without the key', async (context) => {
  const at = place(context);
  const permits: DestructionPermit[] = [];
  const tpm = otherProvider(at);
  const watched: KeyProvider = {
    ...tpm,
    destroy: async (name, permit, signal) => {
      permits.push(permit);
      return tpm.destroy(name, permit, signal);
    },
  };
  const vault = await openAt(at, { others: [['tpm', watched]], firstProviders: ['tpm'] });
  const [gone = ''] = fill(vault, 2).keys();
  await vault.rotate({ level: 'epoch', providers: ['tpm'], without: new Set([gone]) }, who);
  const exportHash = await vault.check();
  await vault.destroyCondemned({ ...who, exportHash, record: '1/7', fence: 'note' });
  assert.equal(permits.length, 1);
  assert.equal(permits[0]?.exportHash, exportHash);
  assert.deepEqual(permits[0]?.why, { record: '1/7', fence: 'note' });
  assert.ok((permits[0]?.vaultGeneration ?? 0) > 0);
});

test('looking at what is on the disk while an epoch is rotated is no false alarm', async (context) => {
  const at = place(context);
  const pauses: (() => void)[] = [];
  const needs = { ...vaultNeeds(at), pause: async () => new Promise<void>((resolve) => void pauses.push(resolve)) };
  const vault = await openKeyVault(needs);
  fill(vault, 60);
  const again = await openAt(at);
  await again.rotate({ level: 'epoch', providers: ['sealed-file'] }, who);

  const looking = await openKeyVault(needs);
  const checked = looking.check();
  while (pauses.length === 0) await new Promise((resolve) => void setImmediate(resolve));
  // The check stands still after its first keys; the rotation takes place meanwhile.
  const [first] = pauses.splice(0);
  const rotated = looking.rotate({ level: 'epoch', providers: ['sealed-file'] }, who);
  const isOver = (): boolean => looking.rotation()?.state !== 'running';
  while (!isOver()) {
    for (const resume of pauses.splice(0)) resume();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await rotated;
  first?.();
  const goOn = setInterval(() => {
    for (const resume of pauses.splice(0)) resume();
  }, 1);
  context.after(() => clearInterval(goOn));
  assert.match(await checked, /^[0-9a-f]{64}$/);
});
