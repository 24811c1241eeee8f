import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { CodedError } from '@sallyport/platform/errors';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';
import { createVaultService } from '../key-frames.ts';
import type { VaultService } from '../key-frames.ts';
import { openKeyVault } from '../key-vault.ts';
import type { KeyVault } from '../key-vault.ts';
import type { KnownVault, VaultFiles } from '../needs.ts';
import { systemVaultFiles } from '../vault-files.ts';
import { place, vaultNeeds } from '../vault-testing.ts';
import type { Place } from '../vault-testing.ts';
import { createVaultClient } from './vault-client.ts';
import type { VaultClient } from './vault-client.ts';
import type { VaultMemory } from './vault-memory.ts';

const asked = { by: 'user/ada', reason: 'yearly' };

function memory(): VaultMemory & { known: KnownVault | undefined } {
  const kept: VaultMemory & { known: KnownVault | undefined } = {
    known: undefined,
    newest: async () => kept.known,
    async remember(known) {
      if (kept.known === undefined || kept.known.generation < known.generation) kept.known = known;
    },
    async replace(known) {
      kept.known = known;
    },
  };
  return kept;
}

function clientOf(
  context: TestContext,
  at: Place,
  options: { memory?: VaultMemory; afterRestore?: boolean } = {},
): { client: VaultClient; ended: Promise<JsonObject> } {
  const { promise: ended, resolve } = Promise.withResolvers<JsonObject>();
  const peers: FramePeer[] = [];
  const needs = vaultNeeds(at);
  const client = createVaultClient({
    startSealer: async () => {
      const [left, right] = duplexPair();
      const service = createVaultService({
        open: async (outside) => openKeyVault(needs, outside),
        notify: (method, head) => sealer.notify(method, { head }),
        pause: needs.pause,
        makeRoom: () => false,
      });
      const sealer = createFramePeer(right, service.handlers);
      const peer = createFramePeer(left, {});
      peers.push(peer, sealer);
      return peer;
    },
    memory: options.memory ?? memory(),
    afterRestore: options.afterRestore ?? false,
    onRotated: resolve,
    onDestroyed: () => undefined,
  });
  context.after(() => {
    for (const peer of peers) peer.close();
  });
  return { client, ended };
}

test('the inventory crosses to the server, a rotation is told of when it ends, and no key is among it', async (context) => {
  const at = place(context);
  const key = (await openKeyVault(vaultNeeds(at))).ensureKey('block-data', 'events/2026-11-22');
  const { client, ended } = clientOf(context, at);
  await assert.rejects(client.list(), { code: 'vault_closed' });
  await client.connect();
  await client.rotate({ level: 'epoch', providers: [] }, asked);
  const { level, outcome } = await ended;
  assert.deepEqual([level, outcome], ['epoch', 'success']);
  await client.changeState(key.id, 'compromised', asked);
  const listed = JSON.stringify(await client.list());
  assert.match(listed, /"state":"compromised","by":"user\/ada"|"by":"user\/ada","reason":"yearly"/);
  assert.match(listed, /epoch-2/);
  assert.equal(listed.includes(key.bytes.toString('hex')) || listed.includes(key.bytes.toString('base64')), false);
  assert.match(await client.check(), /^[0-9a-f]{64}$/);
});

test('what the vault refuses keeps its code', async (context) => {
  const at = place(context);
  const { client } = clientOf(context, at);
  await client.connect();
  await assert.rejects(client.changeState('0'.repeat(32), 'retired', asked), { code: 'vault_key_unknown' });
  await assert.rejects(client.changeState('epoch-1', 'gone', asked), { code: 'state_refused' });
  await assert.rejects(client.rotate({ level: 'epoch', providers: ['tpm'] }, asked), { code: 'provider_unknown' });
  await assert.rejects(client.rotate({ level: 'purpose', purpose: 'none' }, asked), { code: 'vault_key_unknown' });
  await assert.rejects(client.rotate({ level: 'data', label: 'none' }, asked), { code: 'vault_key_unknown' });
});

test('a vault put back to an earlier state than the server remembers is refused, unless the operator says so', async (context) => {
  const at = place(context);
  const files = at.directories.map((directory) => join(directory, 'epochs.vault'));
  const kept = memory();
  const { client } = clientOf(context, at, { memory: kept });
  await client.connect();
  const older = files.map((file) => readFileSync(file));
  await client.rotate({ level: 'epoch', providers: ['sealed-file'] }, asked);
  await client.check();
  await client.remember();
  for (const [order, file] of files.entries()) writeFileSync(file, older[order] ?? '');
  await assert.rejects(clientOf(context, at, { memory: kept }).client.connect(), { code: 'vault_rolled_back' });
  await clientOf(context, at, { memory: kept, afterRestore: true }).client.connect();
  // From then on that is the vault, and what was put back need not be said again.
  await clientOf(context, at, { memory: kept }).client.connect();
});

test('on a full disk a vault that must write to open gets the room kept for that', async (context) => {
  const at = place(context);
  const { id } = (await openKeyVault(vaultNeeds(at))).ensureKey('block-data', 'day/1');
  rmSync(join(at.directories[1], 'epochs.vault'));
  let isFull = true;
  const files: VaultFiles = {
    ...systemVaultFiles,
    write(path, bytes) {
      if (isFull) throw new CodedError('ENOSPC', 'no space left on device');
      systemVaultFiles.write(path, bytes);
    },
  };
  const open = async (): Promise<KeyVault> => openKeyVault(vaultNeeds(at, { files }));
  const service = (makeRoom: () => boolean): VaultService =>
    createVaultService({ open, notify: () => undefined, pause: async () => undefined, makeRoom });
  await assert.rejects(service(() => false).opened(), { code: 'disk_low', hint: 'free space on the data disk' });
  let reserves = 1;
  const giveBack = (): boolean => {
    isFull = false;
    reserves -= 1;
    return reserves >= 0;
  };
  assert.equal((await service(giveBack).opened()).findKey(id)?.id, id);
  assert.deepEqual(
    readFileSync(join(at.directories[1], 'epochs.vault')),
    readFileSync(join(at.directories[0], 'epochs.vault')),
  );
});
