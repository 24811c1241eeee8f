import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSecret } from '@sallyport/platform/secret';
import { createSoftHsm, softHsmMissing } from '@sallyport/testing/soft-hsm';
import type { KeyProvider, WrapContext } from '../../key-provider.ts';
import { providerContract } from '../provider-contract-testing.ts';
import { CKK_AES, CKO_SECRET_KEY } from './cryptoki-names.ts';
import type { CryptokiLibrary, Template } from './cryptoki.ts';
import { loadCryptoki } from './load-cryptoki.ts';
import { createPkcs11Provider } from './pkcs11-provider.ts';
import { createTokenConnector } from './token-connection.ts';

const options = { skip: softHsmMissing };
const { signal } = new AbortController();
const vault = 'ab'.repeat(16);
const context: WrapContext = { format: 'sallyport-epoch@v2', vault, epoch: 1 };
const nameOf = (epoch: number): string => `sallyport-${vault}-${epoch}-${randomBytes(8).toString('hex')}`;

/** Providers in this process, over the library as `change` makes it. */
function direct(given: TestContext, change: (library: CryptokiLibrary) => CryptokiLibrary = (library) => library) {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-hsm-'));
  given.after(() => rmSync(root, { recursive: true }));
  const hsm = createSoftHsm(root);
  process.env['SOFTHSM2_CONF'] = hsm.environment.SOFTHSM2_CONF;
  const [first, second] = hsm.serials;
  const needsOf = (serial: string, pin: string) => ({
    loadLibrary: async () => change(await loadCryptoki(hsm.module)),
    serial,
    readPin: () => createSecret(pin),
  });
  const open = (serial = first, pin = hsm.pin): KeyProvider => {
    const provider = createPkcs11Provider({ ...needsOf(serial, pin), copies: 'none' });
    given.after(async () => provider.close());
    return provider;
  };
  const connector = createTokenConnector(needsOf(first, hsm.pin));
  given.after(() => connector.close());
  /** Makes a key as somebody else would who has the PIN. */
  const make = async (template: Template): Promise<void> =>
    connector.use(({ cryptoki, session }) => {
      cryptoki.generateAesKey(session, template);
    });
  return { open, second, make };
}

for (const { sentence, run } of providerContract(async (given) => {
  const { open, second } = direct(given);
  return { open: async () => open(), openWrong: async () => open(second), forgetsDestroyed: true };
})) {
  test(`PKCS #11 (SoftHSM): ${sentence}`, options, run);
}

const exportable: Template = {
  CKA_CLASS: CKO_SECRET_KEY,
  CKA_KEY_TYPE: CKK_AES,
  CKA_VALUE_LEN: 32,
  CKA_TOKEN: true,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: false,
  CKA_EXTRACTABLE: true,
  CKA_ENCRYPT: true,
  CKA_DECRYPT: true,
};

test(
  'a key that somebody could read out of the token is not wrapped with, whatever its name',
  options,
  async (given) => {
    const { open, make } = direct(given);
    const provider = open();
    const name = nameOf(1);
    await make({ ...exportable, CKA_LABEL: Buffer.from(name) });
    await assert.rejects(provider.create(name, signal), { code: 'provider_refused' });
    assert.equal((await provider.find(name, signal)).kind, 'disabled');
    await assert.rejects(provider.wrap({ name, reference: '' }, Buffer.alloc(32), context, signal), {
      code: 'provider_refused',
    });
  },
);

test(
  'two keys of one name are told; what the first wrapped still opens, nothing more is wrapped',
  options,
  async (given) => {
    const { open, make } = direct(given);
    const provider = open();
    const name = nameOf(1);
    const key = await provider.create(name, signal);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 1), context, signal);
    await make({ ...exportable, CKA_LABEL: Buffer.from(name) });
    for (const ask of [
      provider.create(name, signal),
      provider.find(name, signal),
      provider.wrap(key, Buffer.alloc(32, 1), context, signal),
    ]) {
      await assert.rejects(ask, { code: 'master_ambiguous' });
    }
    assert.deepEqual(await provider.unwrap(key, wrapped, context, signal), Buffer.alloc(32, 1));
  },
);

test(
  'a token that writes nonces of its own is wrapped with: the nonce it used is the one kept',
  options,
  async (given) => {
    const provider = direct(given, (library) => ({
      ...library,
      call(name, ...parameters) {
        const [, mechanism] = parameters;
        // As some cloud and FIPS modules do: into the memory of the nonce they were given.
        if (name === 'C_EncryptInit' && Buffer.isBuffer(mechanism)) randomBytes(12).copy(mechanism, 72);
        return library.call(name, ...parameters);
      },
    })).open();
    const key = await provider.create(nameOf(1), signal);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 3), context, signal);
    assert.deepEqual(await provider.unwrap(key, wrapped, context, signal), Buffer.alloc(32, 3));
  },
);

test('a token that does not bind the context is refused before anything is wrapped', options, async (given) => {
  const provider = direct(given, (library) => ({
    ...library,
    call(name, ...parameters) {
      const [, mechanism] = parameters;
      const isInit = name === 'C_EncryptInit' || name === 'C_DecryptInit';
      // The length of the additional data in CK_GCM_PARAMS.
      if (isInit && Buffer.isBuffer(mechanism)) mechanism.writeBigUInt64LE(0n, 56);
      return library.call(name, ...parameters);
    },
  })).open();
  await assert.rejects(provider.create(nameOf(1), signal), { code: 'provider_refused' });
});

test('a library that is not there, or is none, is unavailable and nothing is concluded', async () => {
  for (const path of ['/no/such/library.so', import.meta.filename]) {
    const provider = createPkcs11Provider({
      loadLibrary: async () => loadCryptoki(path),
      serial: '1',
      readPin: () => createSecret('1'),
      copies: 'none',
    });
    assert.equal((await provider.find(nameOf(1), signal)).kind, 'unknown');
    await assert.rejects(provider.facts(signal), { code: 'provider_unavailable' });
  }
});

test('a wrong PIN is refused, and the last try is never spent', options, async (given) => {
  const { open } = direct(given);
  await assert.rejects(open(undefined, '0000-wrong').facts(signal), { code: 'provider_refused' });
  const calls: string[] = [];
  const CKF_USER_PIN_FINAL_TRY = 0x20000n;
  const last = direct(given, (library) => ({
    ...library,
    call(name, ...parameters) {
      calls.push(name);
      const answer = library.call(name, ...parameters);
      const [, info] = parameters;
      if (name === 'C_GetTokenInfo' && Buffer.isBuffer(info)) {
        info.writeBigUInt64LE(info.readBigUInt64LE(96) | CKF_USER_PIN_FINAL_TRY, 96);
      }
      return answer;
    },
  }));
  await assert.rejects(last.open().facts(signal), { code: 'provider_refused' });
  assert.equal(calls.includes('C_GetTokenInfo'), true);
  assert.equal(calls.includes('C_Login'), false);
});

test('a token whose owner makes no copies still does not promise what SoftHSM cannot', options, async (given) => {
  const provider = direct(given).open();
  const facts = await provider.facts(signal);
  assert.equal(facts.destruction, 'not-provable');
  assert.match(facts.notPromised.join(), /files/);
});

test('collecting garbage between calls takes nothing from under the library', options, async (given) => {
  const provider = direct(given).open();
  const key = await provider.create(nameOf(1), signal);
  setFlagsFromString('--expose-gc');
  for (let round = 0; round < 5; round += 1) {
    const wrapped = await provider.wrap(key, Buffer.alloc(32, round), context, signal);
    runInNewContext('gc()');
    assert.deepEqual(await provider.unwrap(key, wrapped, context, signal), Buffer.alloc(32, round));
  }
});
