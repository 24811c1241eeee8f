import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { softTpmMissing, startSoftTpm } from '@sallyport/testing/soft-tpm';
import fc from 'fast-check';
import type { DestructionPermit, WrapContext } from '../../key-provider.ts';
import { providerContract } from '../provider-contract-testing.ts';
import { formatHandle, formatNvMaster, handleOf, isMasterHandle, parseNvMaster } from './nv-master.ts';
import { createTpmProvider } from './tpm-provider.ts';

const options = { skip: softTpmMissing };
const { signal } = new AbortController();
const vault = 'cd'.repeat(16);
const context: WrapContext = { format: 'sallyport-epoch@v2', vault, epoch: 1 };
const nameOf = (epoch: number): string => `sallyport-${vault}-${epoch}-${randomBytes(8).toString('hex')}`;
const open = (tcti: string, pcrs: number[] = []) => createTpmProvider({ config: { tcti, pcrs }, random: randomBytes });

async function place(given: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-tpm-test-'));
  given.after(() => rmSync(root, { recursive: true }));
  const start = async (name: string) => {
    const tpm = await startSoftTpm(join(root, name));
    given.after(async () => tpm.stop());
    return tpm;
  };
  return { root, start };
}

function tool(tcti: string, ...line: readonly string[]): void {
  const [program = '', ...parameters] = line;
  const env = { PATH: '/usr/bin:/bin', TPM2TOOLS_TCTI: tcti, TSS2_LOG: 'all+NONE' };
  const result = spawnSync(program, parameters, { env, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
}

for (const { sentence, run } of providerContract(async (given) => {
  const { start } = await place(given);
  const [one, two] = await Promise.all([start('one'), start('two')]);
  return { open: async () => open(one.tcti), openWrong: async () => open(two.tcti), forgetsDestroyed: true };
})) {
  test(`TPM (swtpm): ${sentence}`, options, run);
}

test(
  'another system on the machine changes the registers, and then the key is neither read nor taken for damaged',
  options,
  async (given) => {
    const { start } = await place(given);
    const { tcti } = await start('one');
    const provider = open(tcti, [16]);
    const key = await provider.create(nameOf(1), signal);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 1), context, signal);
    assert.deepEqual(await provider.unwrap(key, wrapped, context, signal), Buffer.alloc(32, 1));
    tool(tcti, 'tpm2_pcrextend', `16:sha256=${hash('sha256', 'another system')}`);
    await assert.rejects(provider.unwrap(key, wrapped, context, signal), { code: 'provider_refused' });
    assert.equal((await provider.find(key.name, signal)).kind, 'disabled');
    await assert.rejects(open(tcti).unwrap(key, wrapped, context, signal), { code: 'provider_refused' });
    const neverUsed: DestructionPermit = {
      name: key.name,
      vaultGeneration: 1,
      exportHash: undefined,
      why: 'never-used',
    };
    await assert.rejects(provider.destroy(key.name, neverUsed, signal), { code: 'provider_refused' });
    const used: DestructionPermit = { ...neverUsed, exportHash: 'ff', why: { record: 'entry', fence: 'checkpoint' } };
    assert.equal((await provider.destroy(key.name, used, signal)).presence.kind, 'absent');
  },
);

test(
  'a virtual TPM put back to a snapshot has the destroyed key again, which is not promised against',
  options,
  async (given) => {
    const { root, start } = await place(given);
    const first = await start('one');
    const [kept, gone] = [nameOf(1), nameOf(2)];
    const provider = open(first.tcti);
    await provider.create(kept, signal);
    const key = await provider.create(gone, signal);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 2), context, signal);
    const facts = await provider.facts(signal);
    assert.equal(facts.destruction, 'not-provable');
    assert.match(facts.notPromised.join(), /snapshot/);
    await first.stop();
    cpSync(join(root, 'one'), join(root, 'snapshot'), { recursive: true, filter: (path) => !path.includes('sock') });
    const again = await start('one');
    const permit: DestructionPermit = {
      name: gone,
      vaultGeneration: 1,
      exportHash: 'ff',
      why: { record: 'e', fence: 'c' },
    };
    assert.equal((await open(again.tcti).destroy(gone, permit, signal)).presence.kind, 'absent');
    const restored = await start('snapshot');
    assert.equal((await open(restored.tcti).facts(signal)).identity, facts.identity);
    assert.deepEqual(await open(restored.tcti).unwrap(key, wrapped, context, signal), Buffer.alloc(32, 2));
  },
);

test('a making that was broken off is finished, and a TPM is not filled', options, async (given) => {
  const { start } = await place(given);
  const { tcti } = await start('one');
  const provider = open(tcti);
  const name = nameOf(1);
  const at = formatHandle(handleOf(name));
  tool(tcti, 'tpm2_nvdefine', at, '-C', 'o', '-s', '128', '-a', 'authwrite|authread|no_da|writedefine');
  assert.equal((await provider.find(name, signal)).kind, 'disabled');
  const key = await provider.create(name, signal);
  const wrapped = await provider.wrap(key, Buffer.alloc(32, 4), context, signal);
  assert.deepEqual(await provider.unwrap(key, wrapped, context, signal), Buffer.alloc(32, 4));
  for (const epoch of [2, 3, 4]) await provider.create(nameOf(epoch), signal);
  await assert.rejects(provider.create(nameOf(5), signal), { code: 'provider_refused' });
});

test('a TPM whose owner set a password is used with its file, and with a wrong one refused', options, async (given) => {
  const { root, start } = await place(given);
  const { tcti } = await start('one');
  tool(tcti, 'tpm2_changeauth', '-c', 'o', 'of the owner');
  const withFile = (name: string, password: string) => {
    const file = join(root, name);
    writeFileSync(file, password, { mode: 0o600 });
    return createTpmProvider({ config: { tcti, pcrs: [], owner_password_file: file }, random: randomBytes });
  };
  await assert.rejects(withFile('wrong', 'of a stranger').create(nameOf(1), signal), { code: 'provider_refused' });
  await assert.rejects(open(tcti).create(nameOf(1), signal), { code: 'provider_refused' });
  const key = await withFile('right', 'of the owner').create(nameOf(1), signal);
  assert.equal((await open(tcti).find(key.name, signal)).kind, 'usable');
});

test('what stands in an index is read back, and nothing else is taken for it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999_999 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (epoch, bytes) => {
        const name = `sallyport-${vault}-${epoch}-0123456789abcdef`;
        const parsed = parseNvMaster(formatNvMaster(name, bytes));
        assert.deepEqual(parsed, { name, key: Buffer.from(bytes) });
        assert.ok(isMasterHandle(handleOf(name)));
      },
    ),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseNvMaster(Buffer.from(bytes)) === undefined));
});
