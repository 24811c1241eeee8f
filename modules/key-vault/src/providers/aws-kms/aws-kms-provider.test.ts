import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { startKmsServer } from '@sallyport/testing/kms-server';
import type { DestructionPermit, WrapContext } from '../../key-provider.ts';
import { providerContract } from '../provider-contract-testing.ts';
import { createAwsKmsProvider } from './aws-kms-provider.ts';
import type { AwsKmsConfig } from './kms-client.ts';

const { signal } = new AbortController();
const vault = '12'.repeat(16);
const context: WrapContext = { format: 'sallyport-epoch@v2', vault, epoch: 1 };
const nameOf = (epoch: number): string => `sallyport-${vault}-${epoch}-${randomBytes(8).toString('hex')}`;
const permitFor = (name: string): DestructionPermit => ({
  name,
  vaultGeneration: 1,
  exportHash: undefined,
  why: 'never-used',
});
const dayMs = 86_400_000;

const account = '111122223333';
const accounts = {
  AKIATESTGOOD: { secret: 'secret of the right account', account },
  AKIATESTOTHER: { secret: 'secret of another account', account: '444455556666' },
  AKIATESTNOLIST: { secret: 'secret with a policy', account, denied: ['ListAliases'] },
};

async function place(context: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-kms-'));
  const server = await startKmsServer('eu-central-1', accounts);
  context.after(async () => {
    await server.close();
    rmSync(root, { recursive: true });
  });
  const caFile = join(root, 'ca.pem');
  writeFileSync(caFile, server.certificatePem);
  const open = (accessKeyId: string, secret: string, config: Partial<AwsKmsConfig> = {}) => {
    const credentialsFile = join(root, accessKeyId);
    writeFileSync(
      credentialsFile,
      `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret}\n`,
      { mode: 0o600 },
    );
    return createAwsKmsProvider({
      config: {
        region: 'eu-central-1',
        account,
        endpoint: server.endpoint,
        ca_file: caFile,
        credentials_file: credentialsFile,
        ...config,
      },
      pause: async () => undefined,
    });
  };
  const good = (config: Partial<AwsKmsConfig> = {}) => open('AKIATESTGOOD', accounts.AKIATESTGOOD.secret, config);
  return { server, open, good };
}

for (const { sentence, run } of providerContract(async (context) => {
  const { open, good } = await place(context);
  return {
    open: async () => good(),
    openWrong: async () => open('AKIATESTOTHER', accounts.AKIATESTOTHER.secret),
  };
})) {
  test(`AWS KMS: ${sentence}`, run);
}

test('credentials of another account make nothing there, and conclude nothing', async (given) => {
  const { server, open } = await place(given);
  const other = open('AKIATESTOTHER', accounts.AKIATESTOTHER.secret);
  await assert.rejects(other.create(nameOf(1), signal), { code: 'provider_changed' });
  assert.equal(server.calls.includes('CreateKey'), false);
  assert.equal((await other.find(nameOf(1), signal)).kind, 'unknown');
  await assert.rejects(open('AKIATESTGOOD', 'a wrong secret').facts(signal), { code: 'provider_refused' });
});

test('a name that is seen only later still gets one key', async (given) => {
  const { server, good } = await place(given);
  server.aliasDelay = 4;
  const key = await good().create(nameOf(1), signal);
  assert.equal(server.keyCount(), 1);
  assert.equal((await good().find(key.name, signal)).kind, 'usable');
});

test('a key is scheduled for destruction, and absent only when the waiting time is over and another key shows the account', async (given) => {
  const { server, good } = await place(given);
  const provider = good({ pending_window_days: 9 });
  const [kept, gone] = [await provider.create(nameOf(1), signal), await provider.create(nameOf(2), signal)];
  const wrapped = await provider.wrap(gone, Buffer.alloc(32, 1), context, signal);
  const before = Date.now();
  const { presence, done, notPromised } = await provider.destroy(gone.name, permitFor(gone.name), signal);
  assert.ok(presence.kind === 'pending' && presence.cancellable);
  const untilMs = presence.untilMs ?? 0;
  assert.ok(untilMs > before + 8.9 * dayMs && untilMs < Date.now() + 9.1 * dayMs);
  assert.match(done.join(), /ScheduleKeyDeletion.*request [0-9a-f-]{36}/);
  assert.ok(notPromised.length > 0);
  server.advance(10 * dayMs);
  const after = await provider.find(gone.name, signal);
  assert.ok(after.kind === 'absent' && after.shownBy.includes(kept.name));
  await assert.rejects(provider.unwrap(gone, wrapped, context, signal), { code: 'master_absent' });
  await provider.destroy(kept.name, permitFor(kept.name), signal);
  server.advance(10 * dayMs);
  assert.equal((await provider.find(kept.name, signal)).kind, 'unknown', 'nothing left that shows the account');
});

test('a destruction somebody cancels is told, and the key is not used again', async (given) => {
  const { server, good } = await place(given);
  const provider = good();
  const key = await provider.create(nameOf(1), signal);
  const wrapped = await provider.wrap(key, Buffer.alloc(32, 1), context, signal);
  await provider.destroy(key.name, permitFor(key.name), signal);
  server.cancelDeletion(`alias/${key.name}`);
  assert.equal((await provider.find(key.name, signal)).kind, 'disabled');
  await assert.rejects(provider.unwrap(key, wrapped, context, signal), { code: 'provider_refused' });
});

test('taking the alias from a key does not pass for its end, with or without its reference', async (given) => {
  const { server, good } = await place(given);
  const provider = good();
  await provider.create(nameOf(1), signal);
  const key = await provider.create(nameOf(2), signal);
  server.removeAlias(`alias/${key.name}`);
  assert.equal((await provider.find(key.name, signal)).kind, 'disabled');
  const blind = await provider.destroy(key.name, permitFor(key.name), signal);
  assert.equal(blind.presence.kind, 'disabled');
  const permit: DestructionPermit = { ...permitFor(key.name), reference: key.reference };
  assert.equal((await provider.destroy(key.name, permit, signal)).presence.kind, 'pending');
  server.advance(8 * dayMs);
  assert.equal((await provider.destroy(key.name, permit, signal)).presence.kind, 'absent');
});

test('without the right to list nothing is called absent', async (given) => {
  const { open, good } = await place(given);
  await good().create(nameOf(1), signal);
  const blind = open('AKIATESTNOLIST', accounts.AKIATESTNOLIST.secret);
  assert.equal((await blind.find(nameOf(2), signal)).kind, 'unknown');
});

test('credentials everybody may read are not used', async (given) => {
  const { good } = await place(given);
  const open = (mode: number) => {
    const file = join(mkdtempSync(join(tmpdir(), 'sallyport-kms-credentials-')), 'credentials');
    given.after(() => rmSync(join(file, '..'), { recursive: true }));
    writeFileSync(file, '[default]\n', { mode });
    return () => good({ credentials_file: file });
  };
  assert.throws(open(0o644), { code: 'provider_refused' });
  assert.doesNotThrow(open(0o600));
});
