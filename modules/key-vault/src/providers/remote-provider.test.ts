import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';
import { createSoftHsm, softHsmMissing } from '@sallyport/testing/soft-hsm';
import { KeyVaultError } from '../errors.ts';
import type { KeyProvider, Receipt, WrapContext } from '../key-provider.ts';
import type { KeyProvidersConfig } from './providers-config.ts';
import { openRemoteForTest } from './provider-process-testing.ts';
import { createRemoteProvider } from './remote-provider.ts';
import { runKeyProvider } from './run-key-provider.ts';

const { signal } = new AbortController();
const vault = '34'.repeat(16);
const name = `sallyport-${vault}-1-0123456789abcdef`;
const key = { name, reference: 'there' };
const context: WrapContext = { format: 'sallyport-epoch@v2', vault, epoch: 1 };

/** Answers everything; `changes` says otherwise. */
function answering(changes: Partial<KeyProvider> = {}): KeyProvider {
  const receipt: Receipt = {
    name,
    presence: { kind: 'pending', untilMs: 5, cancellable: true },
    done: ['did'],
    notPromised: ['copies'],
    providerTimeMs: 7,
  };
  return {
    facts: async () => ({
      kind: 'pkcs11',
      identity: 'here',
      algorithm: 'AES',
      exportable: false,
      usableByAClone: false,
      destruction: 'delayed',
      notPromised: ['copies'],
      maxMasters: 3,
    }),
    create: async (given) => ({ name: given, reference: 'there' }),
    list: async () => [{ ...key, presence: { kind: 'absent', shownBy: 'looking' } }],
    find: async () => ({ kind: 'disabled', why: 'somebody did' }),
    wrap: async (_, plain) => Buffer.from(plain.toReversed()),
    unwrap: async (_, wrapped) => Buffer.from(wrapped.toReversed()),
    destroy: async () => receipt,
    close: async () => undefined,
    ...changes,
  };
}

/** The provider behind frames; `started` counts how often. */
function behindFrames(provider: KeyProvider, limits: { callTimeoutMs?: number; idleMs?: number } = {}) {
  const peers: FramePeer[] = [];
  const remote = createRemoteProvider({
    start() {
      const [here, there] = duplexPair();
      runKeyProvider({ stream: there, open: async () => provider, exit: () => undefined });
      const peer = createFramePeer(here, {});
      peers.push(peer);
      return peer;
    },
    callTimeoutMs: limits.callTimeoutMs ?? 60_000,
    idleMs: limits.idleMs ?? 60_000,
  });
  return { remote, peers };
}

test('every answer comes over from the other process as it was given', async () => {
  const provider = answering();
  const { remote, peers } = behindFrames(provider);
  const permit = {
    name,
    reference: 'there',
    vaultGeneration: 3,
    exportHash: 'ff',
    why: { record: 'entry', fence: 'checkpoint' },
  };
  assert.deepEqual(await remote.facts(signal), await provider.facts(signal));
  assert.deepEqual(await remote.create(name, signal), key);
  assert.deepEqual(await remote.list(vault, signal), await provider.list(vault, signal));
  assert.deepEqual(await remote.find(name, signal), await provider.find(name, signal));
  assert.deepEqual(await remote.wrap(key, Buffer.from('abc'), context, signal), Buffer.from('cba'));
  assert.deepEqual(await remote.unwrap(key, Buffer.from('cba'), context, signal), Buffer.from('abc'));
  assert.deepEqual(await remote.destroy(name, permit, signal), await provider.destroy(name, permit, signal));
  assert.equal(peers.length, 1);
  await remote.close();
});

test('an error keeps its meaning, and what is no error of a provider counts as unavailable', async () => {
  const failing = (error: Error): KeyProvider => {
    const unwrap = async (): Promise<never> => {
      throw error;
    };
    return behindFrames(answering({ unwrap })).remote;
  };
  const refusal = failing(new KeyVaultError('provider_refused', 'no'));
  await assert.rejects(refusal.unwrap(key, Buffer.alloc(1), context, signal), {
    code: 'provider_refused',
    message: 'no',
  });
  const damage = failing(new KeyVaultError('unseal_failed', 'damage'));
  await assert.rejects(damage.unwrap(key, Buffer.alloc(1), context, signal), { code: 'unseal_failed' });
  for (const error of [new TypeError('a bug'), new KeyVaultError('vault_damaged', 'not a provider’s to say')]) {
    const unknown = failing(error);
    await assert.rejects(unknown.unwrap(key, Buffer.alloc(1), context, signal), { code: 'provider_unavailable' });
    await unknown.close();
  }
  await refusal.close();
  await damage.close();
});

test('a call that never comes back is given up, its process is ended, and the next call has another', async () => {
  let hangs = true;
  const provider = answering({
    create: async (given) => (hangs ? new Promise<never>(() => undefined) : { name: given, reference: 'there' }),
  });
  const { remote, peers } = behindFrames(provider, { callTimeoutMs: 20 });
  await assert.rejects(remote.create(name, signal), { code: 'provider_unavailable' });
  await peers[0]?.closed;
  hangs = false;
  const { remote: patient, peers: others } = behindFrames(provider);
  assert.deepEqual(await patient.create(name, signal), key);
  assert.equal(others.length, 1);
  await remote.close();
  await patient.close();
});

test('a process that nobody asks anything ends, and with it what it knew', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { remote, peers } = behindFrames(answering({ close: async () => resolve() }), { idleMs: 1 });
  await remote.facts(signal);
  await closed;
  await peers[0]?.closed;
  assert.equal((await remote.find(name, signal)).kind, 'disabled');
  assert.equal(peers.length, 2);
  await remote.close();
  assert.equal((await remote.find(name, signal)).kind, 'unknown', 'after close nothing is asked');
});

test(
  'a library that crashes takes its own process, and nothing is concluded from it',
  { skip: softHsmMissing },
  async (given) => {
    const root = mkdtempSync(join(tmpdir(), 'sallyport-remote-'));
    given.after(() => rmSync(root, { recursive: true }));
    const pids: number[] = [];
    const { module, serials, pinFile, environment } = createSoftHsm(root);
    const pkcs11 = { module, token_serial: serials[0], pin_file: pinFile, environment };
    const config: KeyProvidersConfig = { first: ['pkcs11'], pkcs11 };
    const remote = openRemoteForTest(join(root, 'providers.json'), config, (pid) => pids.push(pid));
    const made = await remote.create(`sallyport-${vault}-1-${randomBytes(8).toString('hex')}`, signal);
    const wrapped = await remote.wrap(made, Buffer.alloc(32, 1), context, signal);
    const crashing = remote.find(made.name, signal);
    process.kill(pids[0] ?? 0, 'SIGSEGV');
    const found = await crashing;
    assert.ok(found.kind === 'unknown' || found.kind === 'usable');
    // Whether the crash was seen yet or not: a call may fail, never say anything untrue, and the one after has a new process.
    await remote.unwrap(made, wrapped, context, signal).catch((error: unknown) => {
      assert.ok(error instanceof KeyVaultError && error.code === 'provider_unavailable');
    });
    assert.deepEqual(await remote.unwrap(made, wrapped, context, signal), Buffer.alloc(32, 1));
    assert.equal(pids.length, 2);
    await remote.close();
  },
);
